"""The peers that live in Python: one of them, in one process, with one job.

The job is JSON on the command line, as `src/tables/measure.rs` writes it; the last line printed is the report it reads.
A peer is a function of a job. It takes the Parquet file into memory, in the form that suits it best, and gives back its
version, what answers once (this is timed), and what turns such an answer into a pyarrow table (this is not).
"""

import importlib
import json
import sys
import time

import databases
import frames

WHOLE = ["click_7d", "nuniq_1d", "cnt_1h"]
REAL = ["sum_7d", "sum_1d", "mean_1d", "max_30d"]
LAST = "last_cat"

# Who is called what, and what must be installed.
PEERS = {
    "polars": (frames.polars, ["polars", "pyarrow"]),
    "pandas": (frames.pandas, ["pandas", "pyarrow"]),
    "duckdb": (databases.duckdb, ["duckdb", "pyarrow"]),
    "chdb": (databases.chdb, ["chdb", "pyarrow"]),
    "chdb-seconds": (databases.chdb_seconds, ["chdb", "pyarrow"]),
}


def memory(what):
    """Bytes of this process as the system counts them."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith(what))


def timed(run):
    cpu, wall = time.process_time(), time.perf_counter()
    found = run()
    return found, time.process_time() - cpu, time.perf_counter() - wall


def measure(job, version, run):
    """Runs once to warm up, which is also when memory is watched, and then again and again on the clock."""
    start = time.perf_counter()
    before = memory("VmRSS:")
    with open("/proc/self/clear_refs", "w") as refs:
        refs.write("5")
    found, cpu, wall = timed(run)
    report = {"version": version, "before": before, "peak": memory("VmHWM:"), "cold": False, "cpu": [], "wall": []}
    first = cpu, wall
    while len(report["cpu"]) < job["reps"] and time.perf_counter() - start + 1.5 * wall < 0.8 * job["limit"]:
        found = None
        found, cpu, wall = timed(run)
        report["cpu"].append(cpu)
        report["wall"].append(wall)
    if not report["cpu"]:
        report.update(cold=True, cpu=[first[0]], wall=[first[1]])
    return found, report


def plain(found, key):
    """The answers in the types that are compared: int64, float64 and text."""
    import pyarrow as pa
    import pyarrow.compute as pc

    types = {"row": pa.int64(), "entity": pa.string(), LAST: pa.string()}
    types |= {name: pa.int64() for name in WHOLE} | {name: pa.float64() for name in REAL}
    columns = {name: pc.cast(found[name], types[name]) for name in [key, *WHOLE, *REAL, LAST]}
    for name in REAL:
        columns[name] = pc.if_else(pc.is_nan(columns[name]), pa.scalar(None, pa.float64()), columns[name])
    return pa.table(columns)


def main():
    job = json.loads(sys.argv[1])
    peer, needs = PEERS[job["contestant"]]
    for name in needs:
        try:
            importlib.import_module(name)
        except ImportError:
            print(json.dumps({"absent": f"not installed: {name}"}))
            return
    version, run, to_arrow = peer(job)
    found, report = measure(job, version, run)
    if job["answers"]:
        import pyarrow.parquet as pq

        pq.write_table(plain(to_arrow(found), {"pit": "row", "snapshot": "entity"}[job["task"]]), job["answers"])
    print(json.dumps(report), flush=True)


if __name__ == "__main__":
    main()
