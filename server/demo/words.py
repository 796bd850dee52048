"""Invented names. No place, person or number of the demo county exists."""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


PROVINCE = ("990000000000", "虚省", "Xu Province")
COUNTY = ("990101000000", "虚县", "Xu County")
# Township: code, names, and its villages.
TOWNSHIPS = (
    ("990101100000", "东河镇", "Donghe Town", (
        ("青石村", "Qingshi"), ("柳溪村", "Liuxi"), ("石桥村", "Shiqiao"), ("上湾村", "Shangwan"),
    )),
    ("990101101000", "西山镇", "Xishan Town", (
        ("枫树村", "Fengshu"), ("白岩村", "Baiyan"), ("马鞍村", "Ma'an"), ("金竹村", "Jinzhu"),
    )),
    ("990101200000", "云坪乡", "Yunping Township", (
        ("云上村", "Yunshang"), ("茶园村", "Chayuan"), ("大水井村", "Dashuijing"), ("木楼村", "Mulou"),
    )),
)  # fmt: skip


def villages_of(township: tuple[str, str, str, tuple[tuple[str, str], ...]]) -> list[tuple[str, str, str]]:
    """(code, name, English name) of each village of a township."""
    code, _, _, names = township
    return [(f"{code[:9]}{200 + k}", zh, en) for k, (zh, en) in enumerate(names, 1)]


SURNAMES = tuple(
    "李王张刘陈杨吴黄赵周徐孙马朱胡林郭何高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁"
    "蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石龙韦贺龚文欧"
)
GIVEN_MALE = _words(
    "大山 建国 志强 德富 国平 永福 光明 水生 正华 兴旺 家兴 成林 长春 明亮 文军 世荣 开贵 友才 立新 春生 "
    "昌盛 定国 怀德 培根 运来 宗林 学良 广平 忠诚 有田 金山 天佑 小龙 海涛 俊杰 浩然 子轩 伟 勇 军 磊 斌 涛 超 鹏"
)
GIVEN_FEMALE = _words(
    "秀兰 桂英 玉珍 春梅 凤英 翠花 金莲 冬梅 素芬 美玲 小燕 丽华 水仙 菊香 银花 巧云 玉兰 月娥 彩霞 腊梅 "
    "贵芝 招娣 芳 丽 敏 静 婷 雪梅 佳怡 欣怡 梓涵 雨桐 思琪 晓彤 文静 海燕 红梅 秋菊 莲香 桃花"
)

# (user name, name). The first helpers of the list are those that the start page shows.
HELPERS = (
    ("li.min", "李敏"), ("wang.jun", "王军"), ("zhang.hui", "张慧"), ("chen.bo", "陈波"),
    ("liu.yan", "刘燕"), ("yang.fan", "杨帆"), ("zhao.lei", "赵磊"), ("wu.ting", "吴婷"),
    ("zhou.jie", "周杰明"), ("xu.dan", "徐丹"), ("sun.hao", "孙浩"), ("hu.mei", "胡梅"),
    ("lin.feng", "林峰"), ("he.xue", "何雪"), ("gao.yuan", "高远"), ("luo.qin", "罗琴"),
    ("zheng.kai", "郑凯"), ("liang.yu", "梁玉"), ("xie.tao", "谢涛"), ("song.lan", "宋兰"),
    ("tang.ning", "唐宁"), ("han.bing", "韩冰"), ("feng.lu", "冯露"), ("deng.ke", "邓科"),
)  # fmt: skip
CADRES = (
    ("cao.shu", "曹树"), ("peng.shan", "彭山"), ("zeng.li", "曾莉"), ("tian.ye", "田野"),
    ("dong.qing", "董青"), ("pan.shi", "潘石"), ("yuan.mei", "袁媚"), ("cai.yun", "蔡云"),
    ("jiang.he", "蒋河"), ("yu.quan", "余泉"), ("du.juan", "杜鹃"), ("ye.lin", "叶林"),
)  # fmt: skip
SUPERVISORS = (("zhang.zhuren", "张主任"), ("shen.zhuren", "沈主任"), ("lu.zhuren", "陆主任"))
INSPECTORS = (("wei.duo", "魏铎"), ("su.wen", "苏闻"))
APPRAISER = ("yan.gong", "严工")
ADMIN = ("admin", "县管理员")
AUDITOR = ("auditor", "审计员")

WORK_PLACES = ("本县县城", "省城", "广东东莞", "浙江宁波", "福建泉州", "江苏昆山", "贵阳", "邻县工业园")
REQUESTS = (
    "想装一个热水器，问有没有补贴。", "屋后边坡下雨掉土，希望来看看。", "孩子明年上高中，想了解助学政策。",
    "水压小，夏天傍晚没水。", "想养两头牛，缺本钱。", "老人高血压，想签家庭医生。", "",
)  # fmt: skip
NOTES = ("家里收拾得整齐。", "院坝已硬化。", "男主人在外务工，过年回来。", "女儿在镇上读初中。", "")
