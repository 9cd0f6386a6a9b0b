//! Text for the benchmark: official-looking documents made from templates and a
//! fixed seed, the same bytes on every machine.
//!
//! The templates are of our own making, with made-up persons. They are mixed so
//! that a thousand characters have about as many dates, places, occasions,
//! terms and reported sentences as a broadcast has (`README.md`).

use std::sync::Arc;

use crate::random::Random;
use chrono::{Datelike, Days, NaiveDate};
use tifa::load::Record;

/// Documents, and what was put into them.
#[derive(Default)]
pub(crate) struct Made {
    /// One a document.
    pub(crate) records: Vec<Record>,
    /// Full dates, days with their months and relative words.
    pub(crate) dates: usize,
    /// Occasions with their dates.
    pub(crate) occasions: usize,
    /// Terms of the lexicon.
    pub(crate) terms: usize,
}

impl Random {
    fn of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[usize::try_from(self.below(choices.len() as u64)).unwrap()]
    }
}

const PLACES: [&str; 24] = [
    "北京",
    "黑龙江省哈尔滨市",
    "江苏",
    "浙江省宁波市",
    "云南",
    "四川省成都市",
    "河北雄安新区",
    "上海",
    "新疆",
    "内蒙古",
    "广西南宁",
    "湖北省武汉市",
    "陕西省延安市",
    "海南",
    "吉林",
    "深圳",
    "重庆",
    "安徽合肥",
    "德国",
    "巴西",
    "哈萨克斯坦",
    "法国巴黎",
    "甘肃",
    "西藏",
];
const PERSONS: [&str; 8] =
    ["省委书记赵建国", "副省长钱文清", "市长孙立新", "国务院副总理李安平", "外交部长周远航", "省长吴海川", "全国政协副主席郑怀仁", "市委书记王守正"];
const TERMS: [&str; 16] = [
    "高质量发展",
    "新质生产力",
    "扩大内需",
    "实体经济",
    "绿色低碳发展",
    "生态文明建设",
    "文化自信",
    "能源安全",
    "消费",
    "外贸",
    "防范化解重大风险",
    "新发展理念",
    "投资",
    "新能源",
    "稳就业",
    "碳达峰",
];
const MEETINGS: [&str; 8] =
    ["全省农业工作会议", "经济形势专家座谈会", "全国科技工作会议", "民营企业座谈会", "全市安全生产工作会议", "防汛工作会议", "教育工作会议", "数字经济论坛"];
const FIELDS: [&str; 10] = ["粮食", "装备", "航运", "水利", "旅游", "物流", "医药", "钢铁", "光伏", "铁路"];

/// D: a date, P: a place, W: a person, T: a term, M: a meeting, F: a field, N: a number.
const OCCASIONS: [&str; 6] = [
    "D，M在P召开，W出席会议并讲话。",
    "W D在P会见来访的客人一行，双方就F合作交换意见。",
    "D，W在P主持召开M，听取有关方面意见。",
    "D至次日，W在P考察调研，走进企业和乡村了解F生产情况。",
    "W D同外方就F合作通电话。",
    "M于D在P举行，N名代表参加。",
];
const REPORTED: [&str; 6] = [
    "会议指出，要坚持T，把F工作抓紧抓实。",
    "他强调，P等地要立足实际，推动T取得新进展。",
    "会议要求，各部门要压实责任，做好T各项工作。",
    "W表示，愿同各方一道，深化在F等领域的务实合作。",
    "要抓住关键环节，补齐短板，为T提供有力支撑。",
    "他指出，P的F产业基础好、潜力大，要久久为功。",
];
const NARRATED: [&str; 25] = [
    "记者D从P获悉，今年前三季度F产量同比增长百分之N，产品质量和企业效益稳步提升。",
    "截至D，当地已建成F项目N个，完成投资N亿元，带动上下游企业协同发展。",
    "在P，F企业的车间里一派繁忙，订单排到了明年三月，工人们加紧生产，确保按时交货。",
    "D，P的F生产线正式投产，可满足N万户家庭的需要。",
    "P、P等地发挥各自优势，F产业加快向T转型，新产品、新技术、新模式不断涌现。",
    "统计数据显示，去年全行业F规模达到N万吨，其中新产品的比重超过三分之一，行业结构更加合理。",
    "这个村的合作社有N户社员，大家种果树、办民宿，日子越过越好。",
    "技术人员走进田间地头，手把手教农户使用新机具，哪里有难题就把课堂搬到哪里。",
    "“十四五”时期，P累计新增F岗位N万个，T成效明显。",
    "受冷空气影响，D，P等地出现降雨，局部有大风，有关部门提前排查隐患，落实防范措施。",
    "当地推出N项便民举措，让群众少跑腿、数据多跑路，办事时间平均缩短一半以上。",
    "从清晨到傍晚，列车载着新鲜的蔬菜和水果驶向四面八方，沿途的车站灯火通明，搬运的人们忙个不停。",
    "近日，有关部门发布F发展规划，提出未来N年的目标和任务，明确了支持政策和保障措施。",
    "P与P之间的F通道D开通，全程用时缩短N分钟。",
    "孩子们在操场上奔跑，笑声传得很远，老师站在教学楼前看着他们，脸上露出了笑容。",
    "工人们说，看着新桥一天天长高，心里特别踏实，再苦再累也觉得值得。",
    "D，P举办F展览，N家单位带来最新成果，现场观众可以亲手体验。",
    "据介绍，该项目总长N公里，采用了多项自主研发的新工艺，建设过程中没有占用一亩耕地。",
    "本月以来，F出口保持增长，T的底盘更稳，企业对市场前景普遍抱有信心。",
    "专家认为，F的前景取决于技术，也取决于人才，更取决于能不能把好的机制长期坚持下去，久久为功，不搞一阵风。",
    "清澈的河水绕过村庄，两岸的稻田一片金黄，收割机来回穿梭，粮食颗粒归仓，农户们一边算着收成，一边盘算来季种些什么。",
    "为了让老旧小区的居民住得更舒心，街道请来设计师和居民一起商量，加装电梯、整修管网、增设停车位，一件一件抓落实。",
    "围绕T，各级各部门出台配套措施，完善标准体系，强化要素保障，推动政策尽快落地见效，让企业和群众有更多获得感。",
    "科研团队攻克了多项关键核心技术，填补了空白，相关产品已在F领域批量应用，性能达到同类产品的先进水平。",
    "基层干部说，工作做得好不好，要看群众满意不满意，只有把情况摸清、把道理讲透、把事情办实，大家才会真心支持。",
];
const TITLES: [&str; 4] = ["P加快F产业转型升级", "M在P召开", "W在P调研F工作", "T迈出新步伐"];

/// The days written in the text are this day or one before it.
fn date(random: &mut Random, day: NaiveDate) -> String {
    let then = day - Days::new(random.below(20));
    match random.below(8) {
        0 => format!("{}年{}月{}日", then.year(), then.month(), then.day()),
        1 => format!("今天（{}月{}日）", day.month(), day.day()),
        2 => "昨天".to_owned(),
        3 => format!("{}日", day.day()),
        4 => format!("{}月{}日上午", then.month(), then.day()),
        _ => format!("{}月{}日", then.month(), then.day()),
    }
}

impl Made {
    fn fill(&mut self, template: &str, random: &mut Random, day: NaiveDate, out: &mut String) {
        for c in template.chars() {
            match c {
                'D' => {
                    self.dates += 1;
                    out.push_str(&date(random, day));
                }
                'P' => out.push_str(random.of(&PLACES)),
                'W' => out.push_str(random.of(&PERSONS)),
                'T' => {
                    self.terms += 1;
                    out.push_str(random.of(&TERMS));
                }
                'M' => out.push_str(random.of(&MEETINGS)),
                'F' => out.push_str(random.of(&FIELDS)),
                'N' => out.push_str(&(2 + random.below(990)).to_string()),
                ' ' => {}
                other => out.push(other),
            }
        }
    }

    /// A title and some paragraphs, each on a line.
    fn document(&mut self, random: &mut Random, day: NaiveDate) -> String {
        let mut text = String::new();
        self.fill(random.of(&TITLES), random, day, &mut text);
        for _ in 0..4 + random.below(8) {
            text.push_str("\n\n");
            // One paragraph in six tells of an occasion and what was said there.
            if random.below(6) == 0 {
                self.occasions += 1;
                self.fill(random.of(&OCCASIONS), random, day, &mut text);
                for _ in 0..2 + random.below(3) {
                    self.fill(random.of(&REPORTED), random, day, &mut text);
                }
            } else {
                for _ in 0..3 + random.below(5) {
                    self.fill(random.of(&NARRATED), random, day, &mut text);
                }
            }
        }
        text
    }
}

/// Documents of together about `bytes`, one a day.
pub(crate) fn made(bytes: usize) -> Made {
    let mut random = Random(20_240_305);
    let mut made = Made::default();
    let mut day = NaiveDate::from_ymd_opt(2021, 1, 1).unwrap();
    let mut size = 0;
    while size < bytes {
        let text = made.document(&mut random, day);
        size += text.len();
        let number = made.records.len() as u64 + 1;
        made.records.push(Record { path: Arc::from("made.jsonl"), number, text, date: Some(day.to_string()), encoding: "UTF-8", ..Record::default() });
        day = day + Days::new(1);
    }
    made
}
