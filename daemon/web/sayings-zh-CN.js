// sayings-zh-CN.js - short sentences of the daemon in Chinese: by which rule somebody came to a
// stage and what would move them, why a record was refused, why a signal is held back.
//
// Each is a pattern and what it means; a sentence that fits none stays as the daemon said it.

import {moment} from './format.js';
import {word} from './i18n.js';

const stage = (name) => word('segment', `stage:${name}`);
const rfm = (name) => word('segment', `rfm:${name}`);
const usage = (name) => word('segment', `usage:${name}`);
const fifths = (r, days) => `最近使用第 ${r} 档、活跃天数第 ${days} 档`;
const NEARER =
    'hours lie clearly nearer there: below (\\S+) of the squared distance to (.+)';
const DAY = '(\\d{4}-\\d\\d-\\d\\d)';

const rules = [
    [/^fifths of recency and active days, rules (\d+)$/, (n) => `最近使用与活跃天数的五分位，规则第 ${n} 版`],
    [/^lifecycle by dated events, rules (\d+)$/, (n) => `按有日期的事件判定的生命周期，规则第 ${n} 版`],
    [
        /^nearest group of hours of the week, rules (\d+), fitted (.+)$/,
        (n, day) => `一周时段最接近的分组，规则第 ${n} 版，${day} 拟合`,
    ],
    [/^no longer configured$/, () => '配置中已没有该分群'],
    [/^no use for more than (\d+) days$/, (n) => `超过 ${n} 天未使用`],
    [/^merged by a person$/, () => '由人员合并'],
];

// What would move it on, or back; several are joined by semicolons.
const backs = [
    [
        /^(\w+) again in fifths of recency (\S+) and active days (\S+)$/,
        (s, r, d) => `处于${fifths(r, d)}时重新成为${rfm(s)}`,
    ],
    [
        /^another one out of the fifths of recency (\S+) and active days (\S+)$/,
        (r, d) => `离开${fifths(r, d)}时变为其他类别`,
    ],
    [/^scored again from its next use on$/, () => '下次使用后重新评分'],
    [/^out of it when this no longer holds: (.+)$/, (where) => `不再满足此条件时退出：${where}`],
    [/^in it again when (.+)$/, (where) => `满足此条件时重新进入：${where}`],
    [/^in one again when it is configured$/, () => '重新配置后再次进入'],
    [
        new RegExp(`^(.+) again when its ${NEARER}$`),
        (was, n, now) => `时段明显更接近“${usage(was)}”时回到该组：低于到“${usage(now)}”平方距离的 ${n} 倍`,
    ],
    [
        new RegExp(`^another group when its ${NEARER}$`),
        (n, now) => `时段明显更接近其他组时变更：低于到“${usage(now)}”平方距离的 ${n} 倍`,
    ],
    [
        /^in a group again from (\d+) legs in (\d+) days on, while there are groups$/,
        (n, days) => `有分组时，${days} 天内达到 ${n} 个通话段后重新入组`,
    ],
    [
        /^a question about a price, a trial or a demonstration, or two contacts .* make it intent$/,
        () => `询价、试用或演示，或 14 天内两次联系后进入${stage('intent')}`,
    ],
    [/^the first use makes it first$/, () => `首次使用后进入${stage('first')}`],
    [/^the first use or order makes it first$/, () => `首次使用或下单后进入${stage('first')}`],
    [/^use on another day makes it repeat$/, () => `另一天再次使用后进入${stage('repeat')}`],
    [/^a surge or decline beyond chance moves it there$/, () => '出现超出偶然的激增或下降时随之变更'],
    [
        /^repeat again when its signal is closed, after two calm windows$/,
        () => `信号关闭（连续两个平稳时段）后回到${stage('repeat')}`,
    ],
    [/^any use makes it resurrected$/, () => `任何使用都进入${stage('resurrected')}`],
    [
        new RegExp(`^(?:none|no use) until ${DAY} makes it (\\w+)$`),
        (day, to) => `到 ${day} 仍未使用则进入${stage(to)}`,
    ],
];

const fields = {
    record: '记录',
    columns: '列',
    features: '功能',
    customer: '客户',
    start: '开始时间',
    end: '结束时间',
    duration: '时长',
    outcome: '结果',
    kind: '类型',
    conference: '会议',
    participant: '参会者',
    wait: '等待时间',
    handle: '处理时间',
    version: '版本',
    quantity: '数量',
    amount: '金额',
    id: '标识',
    service: '服务',
    region: '地区',
    agent: '座席',
    cause: '原因',
};
const refusals = [
    [/^missing$/, () => '缺失'],
    [/^negative$/, () => '为负数'],
    [/^not UTF-8$/, () => '不是 UTF-8'],
    [/^not a time$/, () => '不是时间'],
    [/^not a known word$/, () => '不是已知的词'],
    [/^not a whole number$/, () => '不是整数'],
    [/^not a decimal number$/, () => '不是小数'],
    [/^not a number of seconds$/, () => '不是秒数'],
    [/^not written as the format's units say$/, () => '与格式规定的单位写法不符'],
    [/^not between the years (\d+) and (\d+)$/, (a, b) => `不在 ${a} 年至 ${b} 年之间`],
    [/^in the future$/, () => '在未来'],
    [/^has no day, and when the record came is not known$/, () => '没有日期，且不知记录何时到达'],
    [/^before start$/, () => '早于开始时间'],
    [/^holds a NUL byte$/, () => '含有 NUL 字节'],
    [/^holds a control character$/, () => '含有控制字符'],
    [
        /^longer than (\d+) (bytes|seconds)$/,
        (n, unit) => `超过 ${n} ${unit === 'bytes' ? '字节' : '秒'}`,
    ],
    [/^more than (\d+)$/, (n) => `多于 ${n} 个`],
    [/^(\d+), header has (\d+)$/, (n, head) => `${n} 列，表头有 ${head} 列`],
    [/^(\d+), format has (\d+)$/, (n, head) => `${n} 列，格式有 ${head} 列`],
];

// Why a record was ignored: fixed sentences of the formats, and two of the mapping.
const ignored = {
    'other event': '其他事件',
    'other action': '其他操作',
    'other status': '其他状态',
    'an event that is no usage': '不属于使用的事件',
    'nothing in it is usage': '其中没有使用记录',
    'record that says nothing of usage': '未说明使用情况的记录',
    'no event': '没有事件',
    'no record in the document': '文档中没有记录',
    'no accounting in it': '其中没有计费信息',
    'interim update': '中间更新',
    'a call that goes on': '仍在进行的通话',
    'call of two parties': '双方通话',
    'bridge of two parties': '双方桥接',
    'mixing bridge of no conference room': '不属于会议室的混音桥',
    'announcer or recorder channel': '播音或录音通道',
    'work on a recording': '录音处理',
    'time in the waiting room': '在等候室的时间',
    'leg that is in no call yet': '尚未进入通话的通话段',
    'neither a call nor a participant': '既不是通话也不是参会者',
    'stream of good quality': '质量良好的媒体流',
    'start or end of a server': '服务器启动或停止',
    'request that begins or ends no call': '不开始也不结束通话的请求',
    'feature of nobody that is named': '未指明人员的功能',
    'line of the columns\' names': '列名行',
    'date of the switch': '交换机的日期行',
    'syslog message without text': '没有正文的 syslog 消息',
    'a test call': '测试通话',
    'a meeting without its participants': '没有参会者的会议',
    'a call record without its sessions': '没有会话的通话记录',
    'further sessions that were not fetched': '尚未取得的更多会话',
};
const ignoredFields = [
    [/^(.+) is left out by the format$/, (v) => `按格式略去 ${v}`],
    [/^others are left out by the format$/, () => '按格式略去其余值'],
];

const held = [
    [
        /^input (.+) has been silent since (\S+)$/,
        (input, at) => `输入 ${input} 自 ${moment(at)} 起没有数据`,
    ],
    [/^of input (.+) some (\d+) records are missing$/, (input, n) => `输入 ${input} 约缺 ${n} 条记录`],
    [/^(\d+) % of what usually comes is there$/, (n) => `通常数据量的 ${n}% 已到`],
];

const first = (patterns, text) => {
    for (const [pattern, say] of patterns) {
        const found = pattern.exec(text);
        if (found) return say(...found.slice(1));
    }
    return null;
};
// All parts or none: half a translation is harder to read than none.
const each = (patterns, text) => {
    const parts = text.split('; ').map((part) => first(patterns, part));
    return parts.includes(null) ? null : parts.join('；');
};

// "duration: not a number of seconds".
function ofField(patterns, text) {
    const [, field, rest] = /^([a-z_]+): (.+)$/.exec(text) ?? [];
    const what = rest && first(patterns, rest);
    return what && `${fields[field] ?? field}：${what}`;
}

export const sayings = {
    rule: (text) => first(rules, text),
    back: (text) => first(backs, text) ?? each(backs, text),
    held: (text) => each(held, text),
    refusal: (text) => ofField(refusals, text),
    ignored: (text) =>
        Object.hasOwn(ignored, text) ? ignored[text] : ofField(ignoredFields, text),
};
