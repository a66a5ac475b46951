"""DuckDB and ClickHouse. `peers.py` says what a peer is."""

from windows import DAY, HOUR, MONTH, WEEK


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def duckdb(job):
    import duckdb as db

    base = db.connect()
    base.sql(f"SET threads = {job['threads']}; SET preserve_insertion_order = false")
    base.sql(f"CREATE TABLE events AS SELECT * FROM {quoted(job['data'])}")
    query = {"pit": duckdb_pit, "snapshot": duckdb_snapshot}[job["task"]](job)
    return db.__version__, lambda: base.sql(query).to_arrow_table(), lambda found: found


def duckdb_pit(job):
    frame = lambda reach: f"(PARTITION BY entity ORDER BY ts RANGE BETWEEN {reach} PRECEDING AND 1 PRECEDING)"
    return f"""
        SELECT row,
            count(*) FILTER (WHERE event_type = {quoted(job['click'])}) OVER week AS click_7d,
            coalesce(sum(amount) OVER week, 0) AS sum_7d,
            coalesce(sum(amount) OVER day, 0) AS sum_1d,
            avg(amount) OVER day AS mean_1d,
            max(amount) OVER month AS max_30d,
            count(DISTINCT item) OVER day AS nuniq_1d,
            last_value(category IGNORE NULLS) OVER ever AS last_cat,
            count(*) OVER hour AS cnt_1h
        FROM events
        WINDOW hour AS {frame(HOUR)}, day AS {frame(DAY)}, week AS {frame(WEEK)}, month AS {frame(MONTH)},
            ever AS {frame('UNBOUNDED')}"""


def duckdb_snapshot(job):
    since = lambda window: f"FILTER (WHERE ts >= {job['as_of'] - window})"
    click = f"event_type = {quoted(job['click'])}"
    return f"""
        SELECT entity,
            count(*) FILTER (WHERE {click} AND ts >= {job['as_of'] - WEEK}) AS click_7d,
            coalesce(sum(amount) {since(WEEK)}, 0) AS sum_7d,
            coalesce(sum(amount) {since(DAY)}, 0) AS sum_1d,
            avg(amount) {since(DAY)} AS mean_1d,
            max(amount) {since(MONTH)} AS max_30d,
            count(DISTINCT item) {since(DAY)} AS nuniq_1d,
            arg_max(category, ts) FILTER (WHERE category IS NOT NULL) AS last_cat,
            count(*) {since(HOUR)} AS cnt_1h
        FROM events GROUP BY entity"""


def chdb(job):
    return clickhouse(job, {"pit": chdb_pit, "snapshot": chdb_snapshot}[job["task"]](job))


def chdb_seconds(job):
    """What is usually written instead: times cut to whole seconds."""
    return clickhouse(job, seconds_pit(job))


def clickhouse(job, query):
    import chdb
    import pyarrow as pa
    from chdb import session

    base = session.Session()
    base.query("CREATE DATABASE peers ENGINE = Atomic")
    base.query("USE peers")
    base.query(
        """CREATE TABLE events (row Int64, entity String, ts Int64, event_type String, item String,
        category Nullable(String), amount Nullable(Float64)) ENGINE = Memory"""
    )
    base.query(f"INSERT INTO events SELECT * FROM file({quoted(job['data'])}, Parquet)")
    text = f"{query} SETTINGS max_threads = {job['threads']}"
    run = lambda: pa.ipc.open_file(pa.BufferReader(base.query(text, "Arrow").bytes())).read_all()
    return chdb.__version__, run, lambda found: found


def chdb_pit(job):
    """A frame of ClickHouse has whole offsets of 31 bits, and no way to leave out its own time. So a question is a row
    of its own, half a microsecond before its event, and times are counted in units that make the offsets small. Those
    are powers of two microseconds, so that they are exact in a double, and divide the windows."""
    units = {HOUR: 1024, DAY: 1024, WEEK: 1024, MONTH: 4096}
    times = {1024: "time", 4096: "time / 4"}

    def frame(window):
        unit = units[window]
        reach = f"RANGE BETWEEN {window // unit} PRECEDING AND CURRENT ROW"
        return f"(PARTITION BY entity ORDER BY {times[unit]} {reach})"

    ever = "(PARTITION BY entity ORDER BY time RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)"
    return f"""
        WITH both AS (
            SELECT row, 0 AS event, entity, (ts - 0.5) / 1024 AS time, 0 AS click, '' AS item,
                CAST(NULL AS Nullable(String)) AS category, CAST(NULL AS Nullable(Float64)) AS amount
            FROM events
            UNION ALL
            SELECT row, 1, entity, ts / 1024, event_type = {quoted(job['click'])}, item, category, amount FROM events)
        SELECT row, click_7d, sum_7d, sum_1d, mean_1d, max_30d, nuniq_1d, last_cat, cnt_1h FROM (
            SELECT row, event,
                sum(click) OVER {frame(WEEK)} AS click_7d,
                ifNull(sum(amount) OVER {frame(WEEK)}, 0) AS sum_7d,
                ifNull(sum(amount) OVER {frame(DAY)}, 0) AS sum_1d,
                avg(amount) OVER {frame(DAY)} AS mean_1d,
                max(amount) OVER {frame(MONTH)} AS max_30d,
                uniqExactIf(item, event) OVER {frame(DAY)} AS nuniq_1d,
                last_value(category) OVER {ever} AS last_cat,
                sum(event) OVER {frame(HOUR)} AS cnt_1h
            FROM both)
        WHERE NOT event"""


def seconds_pit(job):
    second = 1_000_000
    order = f"PARTITION BY entity ORDER BY intDiv(ts, {second})"
    frame = lambda reach: f"({order} RANGE BETWEEN {reach} PRECEDING AND 1 PRECEDING)"
    return f"""
        SELECT row,
            countIf(event_type = {quoted(job['click'])}) OVER {frame(WEEK // second)} AS click_7d,
            ifNull(sum(amount) OVER {frame(WEEK // second)}, 0) AS sum_7d,
            ifNull(sum(amount) OVER {frame(DAY // second)}, 0) AS sum_1d,
            avg(amount) OVER {frame(DAY // second)} AS mean_1d,
            max(amount) OVER {frame(MONTH // second)} AS max_30d,
            uniqExact(item) OVER {frame(DAY // second)} AS nuniq_1d,
            last_value(category) OVER {frame('UNBOUNDED')} AS last_cat,
            count() OVER {frame(HOUR // second)} AS cnt_1h
        FROM events"""


def chdb_snapshot(job):
    since = lambda window: f"ts >= {job['as_of'] - window}"
    return f"""
        SELECT entity,
            countIf(event_type = {quoted(job['click'])} AND {since(WEEK)}) AS click_7d,
            ifNull(sumIf(amount, {since(WEEK)}), 0) AS sum_7d,
            ifNull(sumIf(amount, {since(DAY)}), 0) AS sum_1d,
            avgIf(amount, {since(DAY)}) AS mean_1d,
            maxIf(amount, {since(MONTH)}) AS max_30d,
            uniqExactIf(item, {since(DAY)}) AS nuniq_1d,
            argMax(category, ts) AS last_cat,
            countIf({since(HOUR)}) AS cnt_1h
        FROM events GROUP BY entity"""
