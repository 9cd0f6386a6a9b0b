"""make_corpus.py        writes the seeds of the fuzz targets and their dictionary under corpus/

A seed is a text of a case: of dates and the like in tests/cases/*.toml, of
occasions, themes and the almanac in pipelines/. Both targets get all of them. The
dictionary has the words of words.txt in the only characters that libFuzzer takes,
ASCII. The folder is made anew each time; what a fuzzer found there is lost.
"""

import hashlib
import shutil
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]


def texts(value):
    """Every `text` in a TOML document, at whatever depth."""
    if isinstance(value, dict):
        if isinstance(value.get("text"), str):
            yield value["text"]
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from texts(item)


def main():
    files = sorted(REPOSITORY.glob("tests/cases/*.toml")) + sorted(REPOSITORY.glob("pipelines/*/*.toml"))
    found = {text for file in files for text in texts(tomllib.loads(file.read_text(encoding="utf-8")))}
    for target in ("dates", "occasions"):
        folder = HERE / "corpus" / target
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for text in found:
            data = text.encode()
            (folder / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
    words = [line for line in (HERE / "words.txt").read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    escaped = ("".join(f"\\x{byte:02x}" for byte in word.encode()) for word in words)
    (HERE / "corpus" / "words.dict").write_text("".join(f'"{word}"\n' for word in escaped), encoding="ascii")
    print(f"{len(found)} seeds from {len(files)} files, {len(words)} words")


if __name__ == "__main__":
    main()
