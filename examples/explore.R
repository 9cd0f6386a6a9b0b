#!/usr/bin/env Rscript
# A theme over time with its uncertainty, and who says what, from one release.
#
#     Rscript explore.R RELEASE_FOLDER OUTPUT.png [THEME]
#
# Needs dplyr and ggplot2, and arrow to read the Parquet files. Without arrow it
# reads the CSV twins (with jsonlite): the single tables have one, the folders
# (hits, sentences) only if the pipeline says `[write] csv = "all"`. Chinese labels need
# a UTF-8 locale and a font with Chinese characters.

suppressPackageStartupMessages({
  library(dplyr)
  library(ggplot2)
})
has_arrow <- requireNamespace("arrow", quietly = TRUE)

arguments <- commandArgs(trailingOnly = TRUE)
if (length(arguments) < 2) stop("usage: Rscript explore.R RELEASE_FOLDER OUTPUT.png [THEME]")
release <- normalizePath(arguments[1]) # `latest` may move between two reads: resolve it once
output <- arguments[2]

# A table of the release. With arrow a folder of part files is one dataset; filter
# and select before collect() to read only what is needed.
read_table <- function(name) {
  path <- file.path(release, "tables", name)
  if (has_arrow && dir.exists(path)) return(collect(arrow::open_dataset(path)))
  if (has_arrow) return(arrow::read_parquet(paste0(path, ".parquet")))
  read_csv_twin(name)
}

# The CSV twin, with the types that datapackage.json gives.
read_csv_twin <- function(name) {
  package <- jsonlite::read_json(file.path(release, "datapackage.json"))
  twin <- Filter(function(resource) resource$name == paste0(name, "-csv"), package$resources)
  if (length(twin) == 0) stop("no CSV of ", name, ': install arrow, or say `[write] csv = "all"` in the pipeline')
  table <- read.csv(file.path(release, twin[[1]]$path), na.strings = "", encoding = "UTF-8", colClasses = "character", check.names = FALSE)
  for (field in twin[[1]]$schema$fields) {
    cells <- table[[field$name]]
    table[[field$name]] <- switch(field$type,
      date = as.Date(cells), integer = , number = as.numeric(cells), boolean = cells == "true",
      string = sub("^'", "", cells), # one leading apostrophe is a guard against spreadsheets
      cells
    )
  }
  table
}

# 1. A theme over time: the share of documents with it, with the 95 % Wilson
# interval that the table brings. Where no source spoke the share is NA, and the
# line is open there.
frequency <- read_table("theme_frequency") |> filter(!is.na(period_start))
months <- frequency |> filter(period == "month", period_documents > 0) |> summarise(n = n_distinct(period_start)) |> pull(n)
length_shown <- if (months >= 24) "month" else "year"
shown <- frequency |> filter(period == length_shown)
theme_shown <- if (length(arguments) >= 3) arguments[3] else
  shown |> filter(level == 1) |> group_by(theme) |> summarise(hits = sum(hits, na.rm = TRUE)) |> arrange(desc(hits), theme) |> slice(1) |> pull(theme)
one <- shown |> filter(theme == theme_shown)
if (nrow(one) == 0) stop("no such theme: ", theme_shown)
# A period without a row: nobody was expected to speak.
every <- tibble(period_start = seq(min(one$period_start), max(one$period_start), by = length_shown))
one <- left_join(every, one, by = "period_start")

plot <- ggplot(one, aes(period_start, density)) +
  geom_rect(aes(xmin = period_start, xmax = period_end + 1, ymin = -Inf, ymax = Inf), filter(one, partial), fill = "grey90") +
  geom_errorbar(aes(ymin = density_low, ymax = density_high), width = 0, colour = "grey50", na.rm = TRUE) +
  geom_line(na.rm = TRUE) +
  geom_point(aes(shape = small_n), fill = "white", size = 2, na.rm = TRUE) +
  scale_shape_manual(values = c(`FALSE` = 16, `TRUE` = 21), labels = c(`FALSE` = "20 documents or more", `TRUE` = "fewer than 20"), name = NULL, na.translate = FALSE) +
  coord_cartesian(ylim = c(0, max(one$density_high, na.rm = TRUE) * 1.05)) +
  labs(
    title = paste0(na.omit(one$theme_zh)[1], " (", na.omit(one$theme_en)[1], ")"),
    subtitle = "share of documents with it, 95 % Wilson interval; shaded: days of a source are missing",
    x = NULL, y = "share of documents"
  ) +
  theme_minimal() + theme(legend.position = "bottom")
ggsave(output, plot, width = 8, height = 4.5, dpi = 150, type = "cairo", bg = "white")

# 2. Reported or narrated: hits and the text they stand on. Hits and Han characters
# may be summed over periods, documents may not always.
voices <- read_table("theme_breakdown") |>
  filter(period == "year", breakdown == "voice", theme == theme_shown) |>
  group_by(member) |>
  summarise(hits = sum(hits), .groups = "drop")
text <- read_table("period_totals") |>
  filter(period == "year", breakdown == "voice") |>
  group_by(member) |>
  summarise(han_chars = sum(han_chars), .groups = "drop")
voices <- left_join(text, voices, by = "member") |> mutate(hits = coalesce(as.numeric(hits), 0), per_10k = 10000 * hits / han_chars)
print(as.data.frame(voices))

# 3. Who says it: hits joined with their sentences.
speakers <- tryCatch(
  inner_join(
    read_table("hits") |> filter(theme == theme_shown) |> select(doc_id, sentence, term),
    read_table("sentences") |> filter(!is.na(speaker)) |> select(doc_id, sentence, speaker),
    by = c("doc_id", "sentence")
  ) |> count(speaker, sort = TRUE, name = "hits"),
  error = function(e) { message(conditionMessage(e)); NULL }
)
if (!is.null(speakers)) print(as.data.frame(head(speakers, 10)))
cat("wrote", output, "by", if (has_arrow) "arrow" else "CSV", "\n")
