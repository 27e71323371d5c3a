"""Sets of real data that come with Python packages, without a network."""

from collection import by_numbers, divided, number


def dated(values):
    """Dates of a table as ISO texts."""
    return [value.isoformat(sep=" ") if value.hour else value.date().isoformat() for value in values]


def digits(sets):
    from sklearn.datasets import load_digits

    if sets.wants("digits-rows"):
        found = load_digits()
        pairs = [(image.astype(int).tolist(), int(digit)) for image, digit in zip(found.images, found.target, strict=True)]
        about = "digits of 8 rows of 8 pixels (scikit-learn)"
        sets.add_lines("digits-rows", "classify", about, divided(pairs, 1, test=0.2), by_numbers)


def economics(sets):
    from statsmodels import datasets

    if sets.wants("sunspots"):
        rows = datasets.sunspots.load_pandas().data.itertuples(index=False)
        rows = [[int(year), number(spots)] for year, spots in rows]
        options = ["--columns", "sunspots", "--horizon", "11"]
        sets.add_series("sunspots", "sunspots by year, 1700 to 2008", ["year", "sunspots"], rows, options)
    if sets.wants("carbon-dioxide"):
        table = datasets.co2.load_pandas().data
        values = ["NA" if value != value else number(value) for value in table["co2"]]
        rows = list(zip(dated(table.index), values, strict=True))
        about = "carbon dioxide at Mauna Loa by week, 59 weeks missing"
        options = ["--columns", "co2", "--horizon", "26", "--missing", "interpolate"]
        sets.add_series("carbon-dioxide", about, ["date", "co2"], rows, options)
    if sets.wants("el-nino"):
        table = datasets.elnino.load_pandas().data.itertuples(index=False)
        rows = [[f"{int(year)}-{at:02}-01", number(value)] for year, *months in table for at, value in enumerate(months, 1)]
        options = ["--columns", "temperature", "--horizon", "12"]
        about = "temperature of the sea off Peru by month, 1950 to 2010"
        sets.add_series("el-nino", about, ["date", "temperature"], rows, options)
    if sets.wants("macroeconomics"):
        names = ["realgdp", "tbilrate", "unemp", "infl"]
        table = datasets.macrodata.load_pandas().data
        dates = [f"{int(row.year)}-{int(row.quarter) * 3 - 2:02}-01" for row in table.itertuples()]
        columns = [map(number, table[name]) for name in names]
        rows = list(zip(dates, *columns, strict=True))
        options = ["--columns", ",".join(names), "--horizon", "4"]
        about = "product, interest, unemployment and inflation of the USA by quarter"
        sets.add_series("macroeconomics", about, ["date", *names], rows, options)
    if sets.wants("nile"):
        rows = [[int(year), number(volume)] for year, volume in datasets.nile.load_pandas().data.itertuples(index=False)]
        options = ["--columns", "volume", "--horizon", "5"]
        about = "the Nile at Aswan by year, 1871 to 1970"
        sets.add_series("nile", about, ["year", "volume"], rows, options, by_hand=["--history", "24"])
    if sets.wants("electrical-equipment"):
        from statsmodels.datasets import elec_equip

        table = elec_equip.load().data
        rows = [[date, number(value)] for date, value in zip(dated(table.index), table.iloc[:, 0], strict=True)]
        options = ["--columns", "orders", "--horizon", "12"]
        about = "output of electrical equipment in the euro area by month"
        sets.add_series("electrical-equipment", about, ["date", "orders"], rows, options)


def records(sets):
    from vega_datasets import local_data

    if sets.wants("seattle-temperatures"):
        table = local_data.seattle_temps()
        rows = [[str(date), number(value)] for date, value in table.itertuples(index=False)]
        options = ["--columns", "temperature", "--horizon", "24"]
        about = "temperature in Seattle by hour, a year of usual values"
        sets.add_series("seattle-temperatures", about, ["date", "temperature"], rows, options)
    if sets.wants("seattle-weather"):
        table = local_data.seattle_weather()
        columns = ["date", "temp_max", "temp_min", "precipitation", "wind", "weather"]
        rows = [[row.date.date().isoformat(), *(getattr(row, name) for name in columns[1:])] for row in table.itertuples()]
        options = ["--columns", "temp_max,temp_min", "--covariates", "precipitation,wind", "--categories", "weather"]
        about = "weather in Seattle by day, 2012 to 2015"
        sets.add_series("seattle-weather", about, columns, rows, [*options, "--horizon", "7"])
    if sets.wants("stocks"):
        table = local_data.stocks()
        rows = [[row.symbol, row.date.date().isoformat(), number(row.price)] for row in table.itertuples()]
        options = ["--columns", "price", "--item", "symbol", "--horizon", "6"]
        about = "prices of 5 shares by month, 2000 to 2010"
        sets.add_series("stocks", about, ["symbol", "date", "price"], rows, options, by_hand=["--history", "24"])
    if sets.wants("employment"):
        names = ["construction", "manufacturing", "retail_trade", "government"]
        table = local_data.us_employment()
        months = [str(month)[:10] for month in table["month"]]
        rows = list(zip(months, *(map(number, table[name]) for name in names), strict=True))
        options = ["--columns", ",".join(names), "--horizon", "6"]
        about = "employment of the USA by month, 2006 to 2015"
        sets.add_series("employment", about, ["month", *names], rows, options, by_hand=["--history", "24"])


def add_sets(sets):
    """Adds the sets whose packages are installed."""
    for package, add in (("scikit-learn", digits), ("statsmodels", economics), ("vega_datasets", records)):
        try:
            add(sets)
        except ModuleNotFoundError as missing:
            print(f"left out: sets of {package}: {missing}")
