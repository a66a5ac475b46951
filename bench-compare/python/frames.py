"""Polars and pandas. `peers.py` says what a peer is.

A table comes in order of time, and they rely on it.
"""

from windows import DAY, HOUR, MONTH, WEEK


def polars(job):
    import polars as pl

    col = pl.col
    events = pl.read_parquet(job["data"]).rechunk()
    click, as_of = job["click"], job["as_of"]
    code = lambda name: col(name).cast(pl.Categorical).to_physical()
    since = lambda window: col("ts") >= as_of - window

    def rolling(what, window):
        return what.rolling("time", period=window, closed="left").over("entity")

    def pit():
        # Codes sort faster than text, and the table is in order of time already.
        t = events.select(
            "row",
            "ts",
            "amount",
            entity=code("entity"),
            item=code("item"),
            category=col("category").cast(pl.Categorical),
            click=(col("event_type") == click).cast(pl.UInt32),
            time=col("ts").cast(pl.Datetime("us")),
        )
        t = t.sort("entity", maintain_order=True)
        return t.select(
            "row",
            click_7d=rolling(col("click").sum(), "7d"),
            sum_7d=rolling(col("amount").sum(), "7d"),
            sum_1d=rolling(col("amount").sum(), "1d"),
            mean_1d=rolling(col("amount").mean(), "1d"),
            max_30d=rolling(col("amount").max(), "30d"),
            nuniq_1d=distinct(t),
            last_cat=last(t),
            cnt_1h=rolling(pl.len(), "1h"),
        )

    def distinct(t):
        """An item's event counts from its time to the item's next event or the window's end, whichever is first; so
        the answer is how many of these spans have begun before a time, less how many have ended. Rolling `n_unique`
        gives the same and takes several times as long where entities are hot."""
        start = t["ts"].min()
        reach = t["ts"].max() - start + 2 * DAY
        items = t["item"].max() + 1
        assert (t["entity"].max() + 1) * reach < 2**63, "too many entities for one integer each with its times"
        spans = t.select(
            key=col("entity").cast(pl.Int64) * reach + (col("ts") - start),
            item=col("entity").cast(pl.Int64) * items + col("item"),
        )
        key = spans["key"]
        same = col("item") == col("item").shift(-1)
        end = pl.when(same).then(pl.min_horizontal(col("key") + DAY, col("key").shift(-1))).otherwise(col("key") + DAY)
        ends = spans.sort("item", maintain_order=True).select(end.alias("end"))["end"].sort()
        begun = key.search_sorted(key, side="left").cast(pl.Int64)
        return begun - ends.search_sorted(key, side="left").cast(pl.Int64)

    def last(t):
        """The category of the last row of the entity that has one, as it was before the first row of this time."""
        at = pl.int_range(pl.len(), dtype=pl.UInt32)
        same = (col("entity") == col("entity").shift(1)).fill_null(False)
        t = t.select("ts", "category", "entity", same=same)
        t = t.with_columns(
            known=pl.when(col("category").is_not_null()).then(at).forward_fill()
            >= pl.when(~col("same")).then(at).forward_fill(),
            carried=col("category").forward_fill(),
            first=pl.when(~(col("same") & (col("ts") == col("ts").shift(1)))).then(at).forward_fill(),
        )
        before = pl.when(col("same") & col("known").shift(1)).then(col("carried").shift(1))
        return t.select(before.gather(col("first")).cast(pl.String)).to_series()

    def snapshot():
        amount, day = col("amount"), since(DAY)
        return (
            events.lazy()
            .group_by("entity")
            .agg(
                click_7d=((col("event_type") == click) & since(WEEK)).sum(),
                sum_7d=amount.filter(since(WEEK)).sum(),
                sum_1d=amount.filter(day).sum(),
                mean_1d=amount.filter(day).mean(),
                max_30d=amount.filter(since(MONTH)).max(),
                nuniq_1d=col("item").filter(day).n_unique(),
                last_cat=col("category").drop_nulls().last(),
                cnt_1h=since(HOUR).sum(),
            )
            .collect()
        )

    return pl.__version__, {"pit": pit, "snapshot": snapshot}[job["task"]], lambda found: found.to_arrow()


def pandas(job):
    import numpy as np
    import pandas as pd
    import pyarrow as pa
    from pandas.api.indexers import BaseIndexer

    events = pd.read_parquet(job["data"])
    click, as_of = job["click"], job["as_of"]

    class Between(BaseIndexer):
        """Windows over the sorted table as a whole, by row numbers."""

        def get_window_bounds(self, num_values=0, min_periods=None, center=None, closed=None, step=None):
            return self.low, self.high

    def pit():
        entity, item = pd.factorize(events["entity"])[0], pd.factorize(events["item"])[0]
        ts = events["ts"].to_numpy()
        reach = int(ts.max() - ts.min() + MONTH + 1)
        assert (int(entity.max()) + 1) * reach < 2**63, "too many entities for one integer each with its times"
        key = entity * reach + (ts - ts.min())
        order = np.argsort(key, kind="stable")
        key, entity, item = key[order], entity[order], item[order]
        high = np.searchsorted(key, key)
        low = {window: np.searchsorted(key, key - window) for window in (HOUR, DAY, WEEK, MONTH)}
        amount = pd.Series(events["amount"].to_numpy()[order])
        rolling = lambda window: amount.rolling(Between(low=low[window], high=high), min_periods=1)
        clicks = np.concatenate([[0], np.cumsum((events["event_type"] == click).to_numpy()[order])])
        return pd.DataFrame(
            {
                "row": events["row"].to_numpy()[order],
                "click_7d": clicks[high] - clicks[low[WEEK]],
                "sum_7d": rolling(WEEK).sum().fillna(0.0),
                "sum_1d": rolling(DAY).sum().fillna(0.0),
                "mean_1d": rolling(DAY).mean(),
                "max_30d": rolling(MONTH).max(),
                "nuniq_1d": high - np.searchsorted(ends(key, entity, item), key),
                "last_cat": last(key, entity, reach, high, order),
                "cnt_1h": high - low[HOUR],
            }
        )

    def ends(key, entity, item):
        """When an event's item has its next event or leaves the window, sorted; see Polars."""
        both = entity * (item.max() + 1) + item
        order = np.argsort(both, kind="stable")
        key, both = key[order], both[order]
        end = key + DAY
        same = both[1:] == both[:-1]
        end[:-1][same] = np.minimum(end[:-1][same], key[1:][same])
        return np.sort(end)

    def last(key, entity, reach, high, order):
        category = events["category"].take(order)
        source = np.maximum.accumulate(np.where(category.notna().to_numpy(), np.arange(len(key)), -1))
        source = np.where(high > 0, source[high - 1], -1)
        known = source >= np.searchsorted(key, entity * reach)
        return category.take(np.where(known, source, 0)).where(known).array

    def snapshot():
        entity, names = pd.factorize(events["entity"])
        ts, amount = events["ts"].to_numpy(), events["amount"].to_numpy()
        recent = {window: ts >= as_of - window for window in (HOUR, DAY, WEEK, MONTH)}
        count = lambda which: np.bincount(entity[which], minlength=len(names))
        total = lambda which: np.bincount(entity[which], weights=amount[which], minlength=len(names))
        priced = ~np.isnan(amount)
        day = recent[DAY] & priced
        dearest = pd.Series(amount[recent[MONTH]]).groupby(entity[recent[MONTH]]).max()
        item = pd.factorize(events["item"][recent[DAY]])[0]
        pairs = np.unique(entity[recent[DAY]] * (len(item) + 1) + item) // (len(item) + 1)
        known = np.flatnonzero(events["category"].notna().to_numpy())
        latest = np.full(len(names), -1)
        latest[entity[known]] = known
        with np.errstate(invalid="ignore"):
            mean = total(day) / count(day)
        return pd.DataFrame(
            {
                "entity": names,
                "click_7d": count(recent[WEEK] & (events["event_type"] == click).to_numpy()),
                "sum_7d": total(recent[WEEK] & priced),
                "sum_1d": total(day),
                "mean_1d": mean,
                "max_30d": dearest.reindex(range(len(names))).to_numpy(),
                "nuniq_1d": np.bincount(pairs, minlength=len(names)),
                "last_cat": events["category"].take(np.maximum(latest, 0)).where(latest >= 0).array,
                "cnt_1h": count(recent[HOUR]),
            }
        )

    return pd.__version__, {"pit": pit, "snapshot": snapshot}[job["task"]], lambda found: pa.Table.from_pandas(found)
