"""One table: ours, the peer, the ratio, the goal, whether it is met."""

ROWS = []
NOTES = []


def number(value):
    if value is None:
        return "–"
    if value >= 100:
        return f"{value:,.0f}"
    if value >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if value >= 0.1 else f"{value:.3g}"


def row(what, ours, peer, unit, goal=None, at_least=None, at_most=None, ratio=True):
    """With `ratio`, the goal bounds ours/peer; without, it bounds ours itself. A row without a bound only informs."""
    value = (ours / peer if peer else None) if ratio and ours is not None else ours
    met = None
    if value is not None and (at_least is not None or at_most is not None):
        met = (at_least is None or value >= at_least) and (at_most is None or value <= at_most)
    if goal is None and at_least is not None:
        goal = f"≥ {at_least:g}{'×' if ratio else ''}"
    if goal is None and at_most is not None:
        goal = f"≤ {at_most:g}{'×' if ratio else ''}"
    ROWS.append((what, number(ours), number(peer), unit, f"{number(value)}×" if ratio and value is not None else "–", goal or "–",
                 {True: "met", False: "MISSED", None: "–"}[met]))


def unavailable(what, reason):
    ROWS.append((what, "–", "–", "", "–", "–", "not run"))
    NOTES.append(f"{what}: {reason}")


def note(text):
    NOTES.append(text)


def render():
    head = ("what", "ours", "peer", "unit", "ratio", "goal", "met?")
    rows = [head, *ROWS]
    widths = [max(len(r[i]) for r in rows) for i in range(len(head))]
    lines = []
    for at, cells in enumerate(rows):
        lines.append("| " + " | ".join(c.ljust(w) if i in (0, 3, 5, 6) else c.rjust(w) for i, (c, w) in enumerate(zip(cells, widths))) + " |")
        if at == 0:
            lines.append("|" + "|".join("-" * (w + 2) for w in widths) + "|")
    return "\n".join(lines + [""] + [f"- {n}" for n in NOTES])
