//! The table in the documentation of `Window`, taken literally.

use serde_json::Value as Json;

use crate::events::Event;

/// A duration as definitions write it, in microseconds.
pub(crate) fn span(json: &Json) -> i64 {
    let text = json.as_str().unwrap();
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap();
    let unit = match &text[split..] {
        "us" => 1,
        "ms" => 1_000,
        "s" => 1_000_000,
        "m" => 60_000_000,
        "h" => 3_600_000_000,
        "d" => 86_400_000_000,
        "w" => 604_800_000_000,
        other => panic!("unit {other}"),
    };
    text[..split].parse::<i64>().unwrap() * unit
}

/// Whether an event passes one of the filters the tests use: columns with values, or `gt`, `is_null`, `not`.
pub(crate) fn passes(filter: &Json, event: &Event) -> bool {
    filter.as_object().unwrap().iter().all(|(column, wanted)| {
        let found = event.value(column);
        let equal = |wanted: &Json| match wanted {
            Json::Bool(x) => event.flag == Some(*x) && column == "flag",
            Json::String(x) => found.as_str() == Some(x),
            Json::Number(x) => found.as_f64().or(found.as_i64().map(|n| n as f64)) == x.as_f64(),
            other => panic!("literal {other}"),
        };
        match wanted {
            Json::Array(several) => several.iter().any(equal),
            Json::Object(op) if op.contains_key("is_null") => found.is_null() == op["is_null"].as_bool().unwrap(),
            Json::Object(op) if op.contains_key("gt") => event.number(column) > op["gt"].as_f64().unwrap(),
            other => equal(other),
        }
    })
}

/// `[start, end)` of a window at a moment; no start is for ever. Every event of the entity is in `log`.
pub(crate) fn interval(window: &Json, log: &[Event], at: i64) -> (Option<i64>, i64) {
    let get = |name: &str| window.get(name);
    let end = at - get("offset").map_or(0, span);
    let floor = |t: i64, step: i64| t.div_euclid(step) * step;
    let before = |filter: Option<&Json>| {
        let mut times: Vec<i64> = log
            .iter()
            .filter(|event| filter.is_none_or(|filter| passes(filter, event)))
            .map(|event| event.at)
            .collect();
        times.retain(|time| *time < end);
        times.sort_unstable();
        times
    };
    let mut start = None;
    if let Some(size) = get("sliding") {
        let hop = match get("hop") {
            Some(Json::String(word)) if word == "exact" => 1,
            Some(hop) => span(hop),
            None => panic!("write the hop"),
        };
        start = Some(floor(end - span(size), hop));
    } else if let Some(size) = get("tumbling") {
        start = Some(floor(end, span(size)));
    } else if let Some(gap) = get("session") {
        let gap = span(gap);
        let mut first = end;
        for time in before(get("activity")).into_iter().rev() {
            if i128::from(first) - i128::from(time) > i128::from(gap) {
                break;
            }
            first = time;
        }
        let bound = get("within").map(|within| floor(end - span(within), gap));
        start = Some(bound.map_or(first, |bound| bound.max(first)));
    }
    if let Some(reset) = get("since")
        && let Some(last) = before(Some(reset)).last()
    {
        start = Some(start.map_or(last + 1, |start| start.max(last + 1)));
    }
    (start, end)
}
