// reasons-zh-CN.js - what a signal says, what its rule is and what one is not told, in Chinese.
//
// The daemon says it in English; here the same is said anew from the kind and the figures of the
// evidence. Whatever is not known here (a newer kind, a newer version of a rule) stays as it is.

import {about, day, daysBetween, duration, moment, num, percent, weekdayClock} from './format.js';
import {whyPart, word} from './i18n.js';

const times = (now, usual) =>
    now === 0
        ? '，完全没有'
        : now >= usual
          ? `，是平时的 ${about(now / usual)} 倍`
          : `，减少 ${percent(1 - now / usual)}`;

const shareOf = (c) =>
    c.share_of_change > 1.05
        ? '超过全部变化'
        : c.share_of_change >= 0.995
          ? '全部变化'
          : `占变化的 ${percent(c.share_of_change)}`;

const partName = (dimension, name) =>
    `${word('whydimension', dimension)} ${whyPart(dimension, name)}`;

// The half sentence of its causes; the daemon names the first one or two, too.
function causes(e) {
    const named = (e.causes ?? []).slice(0, 2).map((c) => {
        const part = partName(c.dimension, c.part);
        const other = c.with_part && partName(c.with_dimension, c.with_part);
        return `${part}${other ? ` × ${other}` : ''}（${shareOf(c)}）`;
    });
    return named.length ? `；主要来自${named.join('、')}` : '';
}

function change(s, e) {
    const legs = `${num(e.recent_days)} 天内有 ${num(e.recent_legs)} 个通话段`;
    if (!(s.baseline > 0))
        return `${legs}，此前 ${num(e.baseline_days)} 天完全没有${causes(e)}`;
    if (s.baseline < 1 && e.recent_legs > s.baseline)
        return `${legs}，此前 ${num(e.baseline_days)} 天共 ${num(e.baseline_legs)} 个${causes(e)}`;
    const usual = about(s.baseline, s.baseline < 10 ? 1 : 0);
    return `${legs}，平时为 ${usual} 个${times(e.recent_legs, s.baseline)}${causes(e)}`;
}

function stuck(s, e) {
    const since = `${day(e.since)}（${num(s.value)} 天前）`;
    const contact = e.last_contact ? `；最近一次联系：${day(e.last_contact)}` : '；尚未联系过';
    if (e.stage === 'prospect') return `停留在潜在客户阶段：自 ${since}起无人联系`;
    if (e.stage === 'intent')
        return `停留在意向阶段：自 ${since}起有兴趣，至今未使用；四分之三的客户会在 ${num(e.usual_days)} 天内继续${contact}`;
    return `自 ${since}首次使用后再未使用；会再来的客户中，四分之三在 ${num(e.usual_days)} 天内再次使用${contact}`;
}

function twice(s, e) {
    const visit = e.calls[1].kind === 'visit';
    const [first, second] = e.calls.map((c) => `${c.agent} 于 ${day(c.start)}`);
    const people = e.people >= 16 ? `${num(e.people)} 人或更多` : `${num(e.people)} 人`;
    return (
        (visit ? `${first}拜访后，${second}再次拜访；其间客户既未询问也未下单` : `${first}答复后，${second}再次答复；已没有待答复的询问`) +
        (e.people > 2 ? `；14 天内共有 ${people}` : '')
    );
}

function staffing(s, e, what) {
    const shown = e.windows
        .slice(0, 4)
        .map((w) => `${weekdayClock(w.start)} 至 ${weekdayClock(w.end)} ${what} ${num(w.people)} 人`);
    const more = e.windows.length > 4 ? `，另有 ${num(e.windows.length - 4)} 段` : '';
    const cost = e.cost > 0 ? `（成本 ${num(e.cost)}）` : '';
    const others =
        e.hours_from_others > 0
            ? `；其他服务的空余人员可承担其中 ${about(e.hours_from_others)} 小时`
            : '';
    return (
        `${shown.join('，')}${more}；未来一周共${what} ${about(e.hours)} 小时${cost}${others}` +
        `；最严重：${weekdayClock(e.worst_start)}，排班 ${num(e.rostered)} 人，需要 ${num(e.scheduled)} 人`
    );
}

function demand(s, e) {
    const who = `约 ${num(e.people)} 人（${num(e.customers)} 个客户）`;
    const days = num(daysBetween(s.window_start, s.window_end) + 1);
    const tries = e.uses + e.failed;
    const share = percent(e.failed / tries, 1);
    if (e.uses === 0)
        return `${who}想用 ${s.subject}，却无人用成：${days} 天内 ${num(tries)} 次尝试全部失败，应当开发`;
    if (e.failed >= e.uses)
        return (
            `${who}想用 ${s.subject}，多数没有用成：` +
            `${days} 天内 ${num(tries)} 次尝试中 ${num(e.failed)} 次失败，应当开发`
        );
    const used = `${who}使用 ${s.subject}：${days} 天内成功 ${num(e.uses)} 次`;
    return s.severity === 'warning'
        ? `${used}，${share} 的尝试（${num(e.failed)} 次）失败，应当修复`
        : `${used}，${share} 的尝试失败`;
}

// By kind; each gets the signal and its evidence.
export const reasons = {
    surge: change,
    decline: change,
    service_shift: (s, e) =>
        `自 ${moment(e.since)} 起有 ${num(e.contacts)} 次来电，预测为 ${num(e.forecast)} 次` +
        (e.contacts >= e.forecast
            ? `，是预测的 ${about(e.contacts / e.forecast)} 倍`
            : `，少 ${percent(1 - e.contacts / e.forecast)}`) +
        `；偶然出现这样的偏差约 ${num(e.false_alarm_every_seconds / 86400)} 天一次`,
    overdue: (s, e) =>
        `已 ${num(e.days_with_input_since)} 天未使用；过去 52 周有 ${num(e.active_days_52w)} 个活跃日，` +
        `平均每 ${about(s.baseline)} 天一次。这么长的间隔不到 ` +
        `${num(Math.min(Math.floor(1 / Math.max(e.chance_of_such_a_gap, 1e-6)), 1e6))} 分之一；` +
        `自 ${day(e.due_by)}起逾期`,
    stuck,
    called_twice: twice,
    understaffed: (s, e) => staffing(s, e, '缺'),
    overstaffed: (s, e) => staffing(s, e, '多'),
    feature_demand: demand,
    feed_stopped_matching: (s, e) =>
        (e.matched_before > 0
            ? `自 ${moment(e.since)} 起，输入 ${e.input} 的记录只有 ${percent(e.matched)} 符合格式，` +
              `此前为 ${percent(e.matched_before)}`
            : `自 ${moment(e.since)} 起，输入 ${e.input} 没有任何记录符合格式`) +
        `；主要原因：${e.commonest_reason}。查看：callswell quarantine list --input ${e.input}`,
    feed_silent: (s, e) =>
        `输入 ${e.input} 自 ${moment(e.since)} 起没有收到任何记录；` +
        (e.longest_usual_silence_s > 0
            ? `这些时段最长的静默为 ${duration(e.longest_usual_silence_s)}`
            : '这些时段从未静默过') +
        `。通常第一小时会有约 ${num(s.baseline)} 条记录`,
    redis: (s, e) => `Redis 自 ${moment(e.since)} 起有问题：${e.problem}`,
    more: (s) =>
        `除最重要的 ${num(s.baseline)} 个之外，还有 ${num(s.value)} 个同类信号（${word('kind', s.subject)}）；` +
        `查看：callswell signal list --rest --kind ${s.subject}`,
};

// By kind: the version that this is said of, and what it says.
export const rules = {
    surge: [
        1,
        '最近 7 个完整的 UTC 日的通话段比此前 28 天多出许多，无法用偶然解释：在两个时段总量给定时作负二项检验，离散度向全体客户收缩，' +
            '并对全体客户作 Benjamini-Hochberg 校正。没有输入的日子对谁都不计。连续两个时段没有原因后关闭。',
    ],
    decline: [
        1,
        '最近 7 个完整的 UTC 日的通话段比此前 28 天少了许多，无法用偶然解释：与激增相同的检验，方向相反，单独校正。连续两个时段没有原因后关闭。',
    ],
    service_shift: [
        1,
        '昨天和今天，某项服务的来电比此前的预测多或少了许多，按时段累计的 CUSUM 达到阈值；' +
            '阈值取决于允许误报的频率（why { service_alarm }）。最多保留两天，两天没有再出现即关闭。',
    ],
    overdue: [
        1,
        '有使用习惯的客户沉默的时间超出了其自身历史所能解释的范围：对所有有习惯的客户一起判断这种间隔的概率（Benjamini-Hochberg）。' +
            '客户回来，或不再是新情况时关闭。',
    ],
    called_twice: [
        1,
        '两个人在短时间内先后拜访或答复同一客户，而第二次没有缘由：两次拜访之间没有询问或订单，或已没有待答复的询问。' +
            '针对不同服务的联系以及没有姓名的人不作比较。再次联系不再算多余时关闭。',
    ],
    stuck: [1, '客户停留在某个生命周期阶段的时间超过通常的时间：依据中有阶段、起始日期和通常的时间。'],
    understaffed: [
        1,
        '未来一周，该服务有些时段的排班人数少于预测与服务承诺所需。如果人人在岗仍不够，则为严重。排班足够后关闭。',
    ],
    overstaffed: [1, '未来一周，该服务的排班人数多于预测与服务承诺所需。空余减少后关闭。'],
    feature_demand: [
        1,
        '在观察时段内有这么多不同的人使用或想用该功能，来自足够多的客户，且没有一个客户占大部分。人数明显低于该线后关闭。',
    ],
    feed_stopped_matching: [
        1,
        '在一批记录中，符合输入格式的比例降到以前的四分之一或更少。有一批达到一半后关闭。',
    ],
    feed_silent: [
        1,
        '该输入在一周中的这些时段沉默得比平时更久：或者按历史其概率低于阈值，且比涉及同样时段的任何一次都长；或者在这些时段相似时，明显比任何一次都长。收到下一条记录后关闭。',
    ],
    redis: [1, 'Redis 无法写入或响应过慢，持续时间超过阈值。'],
    more: [
        1,
        '某一类信号的数量超过可同时打开的数量：保留最重要的，先看级别，再看偏离平时的程度。其余的在 signal_rest 中。',
    ],
};

// Thresholds and their units, as the rules name them.
export const thresholds = {
    'false discovery rate at most': '错误发现率不高于',
    'events in both windows at least': '两个时段的事件至少',
    'rate at least': '比率至少',
    'rate at most': '比率不高于',
    'away from the usual at least': '偏离平时至少',
    'days of baseline at least': '基准天数至少',
    'shift looked for': '寻找的偏移',
    'away from the forecast at least': '偏离预测至少',
    'days of forecast before at least': '此前有预测的天数至少',
    'active days at least': '活跃日至少',
    'gap at least': '间隔至少',
    'news for': '算作新情况的时间',
    'short by at least': '缺少至少',
    'looks ahead': '展望',
    'to spare at least': '空余至少',
    'of the roster at least': '占排班至少',
    'people at least': '人数至少',
    within: '在此期间内',
    window: '时段',
    'matches at most': '符合的比例不高于',
    'chance less than': '概率低于',
    'or longer than': '或长于',
    'and than the mean of long ones by': '且超过较长静默的均值',
    'learned from': '学习自',
    'for at least': '持续至少',
    legs: '个通话段',
    'times the usual': '倍（相对平时）',
    'of the usual': '（相对平时）',
    d: '天',
    contacts: '次来电',
    'times the forecast, or a third less': '倍（相对预测），或少三分之一',
    people: '人',
    'hours of work': '工时',
    'of what did before': '（相对以前）',
    records: '条记录',
    'times the longest': '倍（相对最长的一次）',
    deviations: '个标准差',
    weeks: '周',
    s: '秒',
};

// What `why` cannot tell, and why.
export const notes = {
    ['Regions and kinds of people are not known of all these days: they are kept from the day on ' +
    'which why { dimensions } was switched on.']:
        '并非所有这些日子都有地区和人员信息：自打开 why { dimensions } 之日起才保留。',
    'Attempts may use several features, so theirs overlap and do not add up.':
        '一次尝试可能用到多个功能，因此各功能的数字有重叠，不能相加。',
    'Features are not counted by region, people or hours: pairs of these are not known.':
        '功能不按地区、人员或时段计数，因此不知道它们的组合。',
    ['How large conferences were is known of too few of these legs: of those that join and ' +
    'leave, or whose format has conferences = yes.']:
        '这些通话段中只有少数知道会议规模：有加入与离开记录，或格式中设有 conferences = yes 的。',
    "Of a service's contacts it is not kept whose they are, nor where from.":
        '服务的来电不保留其所属客户与来源地区。',
    "Of a feature's uses hours and regions are not kept.": '功能的使用不保留时段与地区。',
    'People and conferences are counted once a day, in estimates good to about 1 %.':
        '人数和会议数按天去重计数，误差约 1%。',
};
