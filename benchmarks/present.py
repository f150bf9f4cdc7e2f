"""From what was measured to figures beside the aims of the issue. Aims are shown, never asserted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from benchmarks import load
from benchmarks.report import Figure, Section

Found = dict[str, Any]


def drain(found: list[Found]) -> Section:
    """(a)"""
    section = Section("a", "Claim and finalize", (
        "One process calls the product's claim, then finalize, in batches until nothing is left; every index, "
        "constraint and trigger is on, each subscription has a paid invoice behind it. Due rows are spread evenly "
        f"over the table: {found[0]['due']:,} a round in batches of {found[0]['batch']:,} (claim's own; finalize takes "
        "the same here), the first batches not counted. Start and end are the median batches of the first and the "
        "last tenth of a drain."
    ))  # fmt: skip
    for one in found:
        rounds, table = one["rounds"], f"{one['table']:,} subscriptions"
        for verb in ("claim", "finalize"):
            runs = [each[verb] for each in rounds]
            section.figures.append(Figure(f"{verb}, {table}", [run["rate"] for run in runs], "rows/s"))
            section.figures.append(
                Figure(f"  batch at the start, {verb}", [run["first_ms"] for run in runs], "ms")
            )
            section.figures.append(
                Figure(f"  batch at the end, {verb}", [run["last_ms"] for run in runs], "ms")
            )
            section.figures.append(Figure(f"  end / start, {verb}", [run["last_ms"] / run["first_ms"] for run in runs],
                                          "", "0.8 to 1.2"))  # fmt: skip
        section.figures.append(
            Figure(f"claim + finalize, {table}", [each["together"] for each in rounds], "rows/s")
        )
    cost = [Figure("", [each["claim"]["batch_ms"] for each in one["rounds"]], "").middle for one in found]
    name = f"claim's cost, {found[-1]['table']:,} / {found[0]['table']:,} subscriptions"
    section.figures.append(Figure(name, [cost[-1] / cost[0]], "x", "at most 1.5"))
    return section


def settle(found: list[Found]) -> Section:
    """(b)"""
    one = found[0]
    values: dict[str, list[float]] = one["figures"]
    layouts = [
        name for name in values if name.startswith("celery_") and name.removeprefix("celery_").isdigit()
    ]
    best = max(layouts, key=lambda name: Figure("", values[name], "").middle)
    limit = max(("limit_1", "limit_2"), key=lambda name: Figure("", values[name], "").middle)
    section = Section("b", "Settled charges per second, instant provider", _settle_method(one, best, limit))
    titles = {name: f"Celery, {name.removeprefix('celery_')} money + io" for name in layouts}
    titles |= {
        "celery_defaults": "Celery, default settings ({lane_threads} threads, batches of {payment_batch_size})".format(
            **one["defaults"]
        ),
        "pgbench_settle": "pgbench, one at a time",
        "pgbench_free": "pgbench, without the lock on the provider's row",
        "limit_1": "limit, 1 process",
        "limit_2": "limit, 2 processes",
    }
    for name, title in titles.items():
        if name in values:
            section.figures.append(Figure(title, values[name], "charges/s"))
        if values.get(f"{name}_steady", [0])[0]:
            section.figures.append(Figure("  between 10 % and 90 %", values[f"{name}_steady"], "charges/s"))
        if f"{name}_whole" in values and name in layouts:
            section.figures.append(Figure("  from due to settled", values[f"{name}_whole"], "charges/s"))
    section.figures.append(Figure("pgbench, from due to settled", values["pgbench_whole"], "charges/s"))
    section.figures.extend(_settle_ratios(values, best, limit))
    return section


def _settle_ratios(values: dict[str, list[float]], best: str, limit: str) -> list[Figure]:
    over = [
        _ratio("Celery / pgbench", values[best], values["pgbench_settle"], "at least 3"),
        _ratio("Celery / pgbench without that lock", values[best], values["pgbench_free"], ""),
        _ratio("Celery / limit", values[best], values[limit], "at least 0.7"),
    ]
    if "celery_defaults" in values:
        whole = Figure("", values[limit], "").middle
        over.append(Figure("default settings / limit", [values["celery_defaults"][0] / whole], "x"))
    billed, free = values[f"{best}_whole"], values["pgbench_whole"]
    return [*over, _ratio("Celery / pgbench, due to settled", billed, free, "at least 3")]


def _settle_method(one: Found, best: str, limit: str) -> str:
    return (
        f"{one['charges']:,} charges a round, the ways in turns on one server, always in the same order, with the "
        f"server's own checkpoints as they come. Workers are warmed up by {one['warm']:,} charges, pgbench by nothing. "
        "First span: from scheduled payment "
        "(the lane filled while paused, then released) to the last one settled: take, mark sent, send, evidence, "
        "apply with postings, deltas, events and the invoice's and subscription's update. Second span: from due "
        "subscription (claim, finalize and a batch's wake-ups included) to settled. Celery: beat, an io worker "
        "(threads, LANE_THREADS=256, PAYMENT_BATCH_SIZE=500) and one or two prefork money workers of one child; the "
        f"better one here is {best.removeprefix('celery_')}. pgbench: {one['pgbench_charges']:,} charges, 8 clients, "
        "2 threads, the statements captured from the product with batches of one and the same commits, by the simple "
        "protocol (their arrays are literals, which the prepared one can't fill). Limit: the product's verbs, Python "
        "and SQL, in a loop without Celery, one or two processes, batches of 500; the "
        f"better one here is {limit.removeprefix('limit_')}."
    )


def _scaled(seconds: float, due: int) -> str:
    """The aim for a million rows, for as many as there were."""
    return f"under {seconds * due / 1_000_000:g}"


def _ratio(name: str, over: list[float], under: list[float], aim: str) -> Figure:
    return Figure(name, [a / b for a, b in zip(over, under, strict=True)], "x", aim)


def pulls(found: list[Found]) -> Section:
    """(c)"""
    one = found[0]
    section = Section("c", "Settled pulls per second on the localnet", (
        f"{one['pulls']:,} USDC pulls with a fee leg from {one['wallets']} wallets, signed and run by the real VM, "
        "final 32 slots of 20 ms later, over one money and one io worker; from the lane's release to the last one "
        f"booked. {one['threads']} requests in flight, ticks of 0.5 s, first look after 0.5 s. The ceiling is the "
        "same transactions, signed beforehand and sent by as many threads with nothing else going on, before and "
        "after: it spends both cores on the VM alone, while a settled pull shares them with signing, PostgreSQL, four "
        "processes of ours and the looks at its signature. Every transfer on the chain was counted."
    ))  # fmt: skip
    section.figures.append(Figure("settled pulls", one["rate"], "pulls/s"))
    if all(one["steady"]):
        section.figures.append(Figure("  between 10 % and 90 %", one["steady"], "pulls/s"))
    section.figures.append(Figure("the localnet's ceiling", one["ceiling"], "transactions/s"))
    most = max(one["ceiling"])
    section.figures.append(Figure("settled / ceiling", [rate / most for rate in one["rate"]], "x"))
    return section


def memory(found: list[Found]) -> Section:
    """(d)"""
    runs = found[0]["runs"]
    section = Section("d", "Peak memory", (
        "Two money workers, one io worker and beat, each with its children, sampled every 0.2 s from "
        "/proc/<pid>/smaps while due subscriptions are worked until settled; fresh workers for each size. PSS "
        "shares a page among the processes that map it."
    ))  # fmt: skip
    for run in runs:
        for name, peak in run["peaks"].items():
            title = f"{name.removeprefix('bench-')}, {run['due']:,} due"
            section.figures.append(Figure(f"{title}, PSS", [peak["pss"]], "MB"))
            section.figures.append(Figure(f"{title}, RSS", [peak["rss"]], "MB"))
    first, last = (sum(peak["pss"] for peak in run["peaks"].values()) for run in (runs[0], runs[-1]))
    name = f"all PSS, {runs[-1]['due']:,} / {runs[0]['due']:,} due"
    section.figures.append(Figure(name, [last / first], "x", "1: independent of due rows"))
    for process in sorted(runs[0]["peaks"].keys() & runs[-1]["peaks"].keys()):
        few, many = (run["peaks"][process]["pss"] for run in (runs[0], runs[-1]))
        section.figures.append(Figure(f"  {process.removeprefix('bench-')}", [many / few], "x", ""))
    return section


def million(found: list[Found]) -> Section:
    """(e)"""
    one = found[0]
    section = Section("e", f"{one['due']:,} due rows claimed into drafts", (
        "Every row of the table is due. One or two processes claim; a process of its own finalizes beside them from "
        "the first moment on, or nobody does; the clock runs from the first batch to the last draft, without start-up."
    ))  # fmt: skip
    for run in one["runs"]:
        who = f"{run['claimers']} claimer" + ("s" if run["claimers"] > 1 else "")
        where = "finalize beside" if run["beside"] else "alone"
        section.figures.append(
            Figure(f"claimed, {who}, {where}", [run["seconds"]], "s", _scaled(60, one["due"]))
        )
        section.figures.append(Figure("  rate", [run["rate"]], "rows/s"))
        if run["beside"]:
            section.figures.append(Figure("  finalized meanwhile", [run["finalized"]], "invoices"))
            section.figures.append(
                Figure("  finalize's rate beside it", [run["finalize_rate"]], "invoices/s")
            )
    return section


def api(found: list[Found]) -> Section:
    """(f)"""
    one = found[0]
    loaded: dict[str, list[float]] = one["loaded"]
    section = Section("f", f"REST and admin, {one['payments']:,} payments", (
        f"The web process of make run (gunicorn, one worker, 8 threads) over {one['payments']:,} payments with "
        "invoices, attempts, evidence and events. An open loop sends "
        f"{one['rate']} requests/s for {one['seconds']} s in turns over the paths below, random rows for details; a "
        "request's time runs from the moment it was meant to leave. The load is made on the same cores. Admin: what a "
        "logged-in operator opens, one page after the other. Triggers: POST …/trigger with real workers and beat, each "
        "when the one before was settled; "
        f"then Valkey is stopped for {one['frozen_seconds']:.0f} s (SIGSTOP), triggers are posted meanwhile, and the "
        "clock of 'work starts' runs from its return to the last one's first attempt."
    ))  # fmt: skip
    every = [value for values in loaded.values() for value in values]
    figures = section.figures
    for name, values in {"all paths": every, **loaded}.items():
        figures += _tails(name, values, "under 50", "under 200", "")
    figures.append(Figure("CPU of the web process, a request", [one["cpu_ms"]], "ms"))
    figures.append(Figure("at 10 requests/s, median", [load.quantile(one["rested"], 0.5)], "ms"))
    asked = one["triggers"]
    figures += _tails("trigger, answer 202", asked["ms"], *["under 50"] * 3)
    figures.append(Figure("  its work starts after", asked["starts"], "s"))
    figures += _tails("trigger while Valkey is frozen", asked["frozen_ms"], *["under 50"] * 3)
    figures.append(Figure("  work starts after its return", asked["frozen_starts"], "s", "under 5"))
    for name, values in one["admin"].items():
        figures += _tails(f"admin, {name}", values, *["under 200"] * 3)
    missed = [
        f"{one.name.strip()} {one.middle:.0f} {one.unit} ({one.aim})" for one in figures if _missed(one)
    ]
    said = f" Not reached: {'; '.join(missed)}." if missed else " Every aim was reached."
    return replace(
        section, method=section.method + " An aim stands beside each figure that it is held against." + said
    )


def inbox(found: list[Found]) -> Section:
    """(g)"""
    one = found[0]
    section = Section("g", f"Callbacks into the inbox, {one['rate']}/s", (
        f"The web process of make run with {one['processes']} gunicorn workers of 8 threads on {one['cores']} cores, "
        f"real PostgreSQL; {one['sent']:,} events of Paystack of {one['bytes']:,} bytes, signed as Paystack signs "
        f"them, {one['again']:,} of them twice. An open loop sends {one['rate']}/s for "
        f"{one['seconds']} s; a callback's time runs from the moment it was meant to leave to its 200, behind the "
        "commit that keeps it. The load is made on the same cores; nothing works the callbacks meanwhile."
    ))  # fmt: skip
    figures = section.figures
    figures += _tails("callback", one["took"], "under 10", "", "")
    figures += [
        Figure("at 20 callbacks/s, median", [load.quantile(one["rested"], 0.5)], "ms"),
        Figure("CPU of the web processes, a callback", [one["cpu_ms"]], "ms"),
        Figure("sent, but for those that came again", [one["sent"] - one["again"]], "callbacks"),
        Figure("  kept", [one["kept"]], "callbacks", "the same"),
    ]
    return section


def latency(found: list[Found]) -> Section:
    """(h)"""
    one = found[0]
    late, most = one["latency"], one["in_flight"]
    ideal = most / late
    section = Section("h", f"One io worker, {most} in flight, a gateway {late * 1000:.0f} ms late", (
        "A money worker, an io worker (threads) and beat as make run starts them, LANE_THREADS and PAYMENT_BATCH_SIZE "
        f"{most} as they are by default, and the gateways' simulator, one process, on the same cores. "
        f"{one['charges']:,} charges of Flutterwave v3, whose charge is one call, over HTTP, each answered "
        f"{late * 1000:.0f} ms late: at {most} in flight the ideal is {ideal:.0f}/s. Our own limit of its rate is "
        "raised out of the way. Rate: replies committed as evidence, their steady middle 80 %. Beside it: the same "
        f"while Paystack never answers and Stripe answers byte by byte, {most} sends on their way in each before it "
        "begins, no breaker opens for them, and each holds its thread for its whole deadline. The io worker's memory "
        "every 0.2 s, its sessions in pg_stat_activity every 0.25 s. What moved money at the simulator was counted: "
        "each charge once."
    ))  # fmt: skip
    section.figures.append(Figure("the simulator alone, 100 connections", [one["ceiling"]], "answers/s"))
    for key, who in (("alone", "alone"), ("beside", "beside one that hangs and one that drips")):
        section.figures.extend(_late(one[key], who, ideal))
    section.figures.extend([
        Figure("on their way beside it, mean, at the one that hangs", [run["paystack"] for run in one["beside"]], ""),
        Figure("  at the one that drips", [run["stripe"] for run in one["beside"]], ""),
        _ratio("beside / alone", *([run["steady"] for run in one[key]] for key in ("beside", "alone")), "1"),
    ])  # fmt: skip
    return section


def _late(runs: list[Found], who: str, ideal: float) -> list[Figure]:
    def values(name: str) -> list[float]:
        return [run[name] for run in runs]

    return [
        Figure(f"charges, {who}", values("steady"), "charges/s", f"at least {0.9 * ideal:.0f}"),
        Figure("  share of the ideal", [rate / ideal for rate in values("steady")], "x", "at least 0.9"),
        Figure("  from the first reply to the last", values("rate"), "charges/s"),
        Figure("  an exchange as the worker sees it", values("call_ms"), "ms"),
        Figure("  CPU of the io worker, a charge", values("cpu_ms"), "ms"),
        Figure("  io worker, PSS", values("pss"), "MB", "under 150"),
        Figure("  io worker, RSS", values("rss"), "MB", "under 150"),
        Figure("  its database connections", values("connections"), "", "at most 8"),
    ]


def _tails(name: str, values: list[float], middle: str, most: str, worst: str) -> list[Figure]:
    """Median, 99th percentile (of few values the worst) and worst, each beside its aim."""
    return [
        Figure(f"{name}, median", [load.quantile(values, 0.5)], "ms", middle),
        Figure(f"  {name}, 99th percentile", [load.quantile(values, 0.99)], "ms", most),
        Figure(f"  {name}, worst of {len(values)}", [max(values)], "ms", worst),
    ]


def _missed(one: Figure) -> bool:
    word, _, limit = one.aim.partition("under ")
    return not word and bool(limit) and one.middle >= float(limit)


SECTIONS: dict[str, Callable[[list[Found]], Section]] = {
    "a": drain, "b": settle, "c": pulls, "d": memory, "e": million, "f": api, "g": inbox, "h": latency,
}  # fmt: skip
