"""Clients of `engram serve`, as people write them: Python's DB-API over ADBC's driver of Flight SQL.

    flight_clients.py CASE FLIGHT_URI HTTP_URL [MORE...]

Each case asks a server and checks what it is told; what it prints is for people. The tests of `tests/tests/serve` run them.
"""

import contextlib
import json
import os
import re
import signal
import ssl
import statistics
import subprocess
import sys
import threading
import time
import urllib.request

import adbc_driver_flightsql
import adbc_driver_flightsql.dbapi as flightsql
import adbc_driver_manager
import polars
import pyarrow
import pyarrow.compute
import pyarrow.flight

CASE, FLIGHT, HTTP = sys.argv[1:4]
MORE = sys.argv[4:]

OPTIONS = adbc_driver_flightsql.DatabaseOptions

# Sums up as many pairs as nobody waits for, and holds little.
ENDLESS = (
    "SELECT sum(a.value * b.value) FROM generate_series(1, 1000000) AS a "
    "CROSS JOIN generate_series(1, 100000000) AS b"
)
# More rows than anybody reads.
LONG = "SELECT value, value * 2 AS doubled FROM generate_series(1, 2000000000)"


@contextlib.contextmanager
def cursor(token=None, **options):
    database = {OPTIONS.AUTHORIZATION_HEADER.value: f"Bearer {token}"} if token else {}
    database.update(options)
    with flightsql.connect(FLIGHT, database, autocommit=True) as connection:
        with connection.cursor() as cursor:
            yield cursor


def ask(cursor, sql, parameters=None):
    cursor.execute(sql, parameters)
    return cursor.fetchall()


def refused(cursor, sql, *words, parameters=None):
    """The error of a statement, which has these words in it."""
    try:
        rows = ask(cursor, sql, parameters)
    except adbc_driver_manager.Error as error:
        text = str(error)
        for word in words:
            assert word in text, f"{sql[:200]}: {word!r} is not in {text[:3000]!r}"
        return error
    raise AssertionError(f"{sql} was answered: {rows[:3]}")


def metrics():
    """The numbers of the server, by name and labels."""
    context = ssl.create_default_context(cafile=MORE[0]) if HTTP.startswith("https") else None
    with urllib.request.urlopen(f"{HTTP}/metrics", context=context, timeout=10) as answer:
        text = answer.read().decode()
    assert text.endswith("# EOF\n"), text[-100:]
    return {name: float(value) for name, value in re.findall(r"^(engram_\S+) (\S+)$", text, re.M)}


def count(name, **labels):
    """A number of the server, summed over the labels that are not given."""
    return sum(
        value
        for key, value in metrics().items()
        if key.split("{")[0] == f"engram_{name}" and all(f'{label}="{is_}"' in key for label, is_ in labels.items())
    )


def until(condition, what, seconds=15):
    """Waits for something to be so, and says how long it took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, f"{what}: not after {seconds} s; {metrics()}"
        time.sleep(0.02)
    return time.monotonic() - began


def cpu_seconds(process):
    fields = open(f"/proc/{process}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def is_idle(process):
    before = cpu_seconds(process)
    time.sleep(0.5)
    return cpu_seconds(process) - before < 0.1


def queries():
    with cursor() as c:
        rows = ask(c, "SELECT learning_rule, count(*) AS n FROM runs GROUP BY ALL ORDER BY ALL")
        assert rows and all(n > 0 for _, n in rows), rows
        c.execute("SELECT * FROM trajectories ORDER BY run_id, layer, epoch")
        table = c.fetch_arrow_table()
        assert table.num_rows == ask(c, "SELECT count(*) FROM trajectories")[0][0]
        # Every client knows the types: texts are texts, not views of them.
        assert table.schema.field("run_id").type == pyarrow.string(), table.schema
        c.execute("SELECT run_id, array_agg(DISTINCT layer ORDER BY layer) AS layers FROM trajectories GROUP BY run_id")
        lists = c.fetch_arrow_table()
        assert lists.schema.field("layers").type.value_type == pyarrow.string(), lists.schema
        c.execute("SELECT run_id, epoch, weight_abs_median FROM trajectories")
        frame = polars.from_arrow(c.fetch_record_batch().read_all())
        assert frame.height == table.num_rows
        c.execute("SELECT * FROM series LIMIT 2")
        assert c.fetch_arrow_table().num_rows == 2
        c.execute("SELECT * FROM runs WHERE false")
        nothing = c.fetch_arrow_table()
        assert nothing.num_rows == 0 and "run_id" in nothing.schema.names
        # Far more than a message of gRPC holds, to the last row.
        c.execute("SELECT value, repeat('x', 100) AS padding FROM generate_series(1, 300000)")
        total = sum(batch.num_rows for batch in c.fetch_record_batch())
        assert total == 300000, total
        schema = c.adbc_execute_schema("SELECT epoch FROM trajectories")
        assert schema.names == ["epoch"], schema
        assert c.adbc_prepare("SELECT run_id FROM runs WHERE batch_size > ?").field(0).type == pyarrow.int32()
    print(f"{table.num_rows} rows of {table.num_columns} columns")


def parameters():
    with cursor() as c:
        assert ask(c, "SELECT value FROM generate_series(1, 9) WHERE value BETWEEN ? AND ?", (2, 4)) == [(2,), (3,), (4,)]
        (run,) = ask(c, "SELECT run_id FROM runs ORDER BY 1 LIMIT 1")[0]
        assert ask(c, "SELECT run_id FROM runs WHERE run_id = ?", (run,)) == [(run,)]
        # A mark in quotes or comments is none; the rest keep their order.
        sql = """SELECT '?' AS mark, "run_id" /* ? */ AS run, ? AS second -- ?
                 FROM runs WHERE run_id = ? AND 'a?' <> ?"""
        assert ask(c, sql, (2, run, "b")) == [("?", run, 2)]
        assert ask(c, "SELECT $2, $1", ("a", "b")) == [("b", "a")]
        named = pyarrow.table({"high": [3], "low": [2]})
        assert ask(c, "SELECT value FROM generate_series(1, 9) WHERE value BETWEEN $low AND $high", named) == [(2,), (3,)]
        assert ask(c, "SELECT ? IS NULL", (None,)) == [(True,)]
        assert ask(c, "SELECT value FROM generate_series(1, 9) ORDER BY 1 LIMIT ?", (2,)) == [(1,), (2,)]
        # A row for each execution, in their order; and the same statement again with other values.
        several = pyarrow.table({"a": [3, 1, 2]})
        assert ask(c, "SELECT value * 10 FROM generate_series(1, 9) WHERE value = ?", several) == [(30,), (10,), (20,)]
        c.adbc_prepare("SELECT value FROM generate_series(1, 9) WHERE value > ?")
        for value in [8, 7]:
            rows = ask(c, "SELECT value FROM generate_series(1, 9) WHERE value > ?", (value,))
            assert len(rows) == 9 - value, rows
        refused(c, "SELECT ? + ?", "2 parameter(s)", "1 value(s)", parameters=(1,))
        refused(c, "SELECT ?, $1", "several kinds of placeholders", "line 1, column 11", parameters=(1, 2))
        try:
            c.executemany("SELECT ?", [(1,), (2,)])
            raise AssertionError("an update was made")
        except adbc_driver_manager.Error as error:
            assert "only reads" in str(error), error
    assert count("prepared_statements") == 0, "all are closed"


def catalogue():
    with flightsql.connect(FLIGHT, autocommit=True) as connection:
        info = connection.adbc_get_info()
        assert info["vendor_name"] == "Engram" and re.match(r"\d+\.\d+\.\d+", info["vendor_version"]), info
        for depth in ["catalogs", "db_schemas", "tables", "columns", "all"]:
            objects = connection.adbc_get_objects(depth=depth).read_all().to_pylist()
            assert [catalog["catalog_name"] for catalog in objects] == ["datafusion"], objects
        schemas = {schema["db_schema_name"]: schema for schema in objects[0]["catalog_db_schemas"]}
        tables = {table["table_name"]: table for table in schemas["public"]["db_schema_tables"]}
        assert {"trajectories", "runs", "series"} <= tables.keys(), tables.keys()
        assert (tables["trajectories"]["table_type"], tables["runs"]["table_type"]) == ("TABLE", "VIEW")
        columns = [column["column_name"] for column in tables["runs"]["table_columns"]]
        with connection.cursor() as c:
            c.execute("SELECT * FROM runs LIMIT 0")
            assert columns == c.fetch_arrow_table().schema.names
        some = connection.adbc_get_objects(depth="tables", table_name_filter="r%", table_types_filter=["VIEW"])
        (schema,) = some.read_all().to_pylist()[0]["catalog_db_schemas"]
        assert [table["table_name"] for table in schema["db_schema_tables"]] == ["runs"], schema
        none = connection.adbc_get_objects(depth="db_schemas", db_schema_filter="nowhere%").read_all().to_pylist()
        assert not any(catalog["catalog_db_schemas"] for catalog in none), none
        assert connection.adbc_get_table_schema("runs").names == columns
        assert connection.adbc_get_table_schema("runs", db_schema_filter="public").names == columns
        assert sorted(connection.adbc_get_table_types()) == ["TABLE", "VIEW"]
        with connection.cursor() as c:
            error = None
            try:
                c.adbc_ingest("mine", pyarrow.table({"a": [1]}))
            except adbc_driver_manager.Error as raised:
                error = raised
            assert error is not None and "only reads" in str(error), error
    print(json.dumps(info))


def varint(number):
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def message(fields):
    """A message of protobuf with texts, bytes and numbers in fields of these numbers."""
    out = b""
    for field, value in fields.items():
        if isinstance(value, int):
            out += varint(field << 3) + varint(value)
        else:
            data = value.encode() if isinstance(value, str) else value
            out += varint(field << 3 | 2) + varint(len(data)) + data
    return out


def command(name, fields=None):
    """A command of Flight SQL, as drivers of JDBC and ODBC send it."""
    return message({1: f"type.googleapis.com/arrow.flight.protocol.sql.{name}", 2: message(fields or {})})


def protocol():
    """What drivers of JDBC and ODBC ask for and Python's does not, call by call."""
    client = pyarrow.flight.FlightClient(FLIGHT.replace("grpc://", "grpc+tcp://"))
    assert client.authenticate_basic_token("anyone", "anything")[1].startswith(b"Bearer ")
    descriptor = pyarrow.flight.FlightDescriptor.for_command
    tables = {}
    for name, fields in [
        ("CommandStatementQuery", {1: "SELECT run_id, epoch, weight_abs_median FROM trajectories"}),
        ("CommandGetSqlInfo", {}),
        ("CommandGetXdbcTypeInfo", {}),
        ("CommandGetCatalogs", {}),
        ("CommandGetDbSchemas", {2: "pub%"}),
        ("CommandGetTables", {3: "r%", 4: "VIEW", 5: 1}),
        ("CommandGetTableTypes", {}),
        ("CommandGetPrimaryKeys", {3: "runs"}),
        ("CommandGetExportedKeys", {3: "runs"}),
        ("CommandGetImportedKeys", {3: "runs"}),
        ("CommandGetCrossReference", {3: "runs", 6: "layers"}),
    ]:
        asked = descriptor(command(name, fields))
        info = client.get_flight_info(asked)
        assert client.get_schema(asked).schema == info.schema, name
        tables[name] = client.do_get(info.endpoints[0].ticket).read_all()
        assert tables[name].schema == info.schema, (name, tables[name].schema, info.schema)
    infos = dict(zip(*[column.to_pylist() for column in tables["CommandGetSqlInfo"].columns]))
    assert (infos[0], infos[3], infos[4], infos[8], infos[504]) == ("Engram", True, True, 0, '"'), infos
    assert set(infos) >= {*range(12), 100, 101, *range(500, 526), *range(527, 577)} - {6, 7, 11, 517}, sorted(infos)
    assert "trajectory_subsample" in infos[509] and "upper" in infos[510], (infos[509], infos[510])
    types = tables["CommandGetXdbcTypeInfo"].column("type_name").to_pylist()
    assert {"VARCHAR", "DOUBLE", "BIGINT", "BOOLEAN", "TIMESTAMP"} <= set(types), types
    (row,) = tables["CommandGetTables"].to_pylist()
    assert (row["table_name"], row["table_type"]) == ("runs", "VIEW"), row
    assert "run_id" in pyarrow.ipc.read_schema(pyarrow.py_buffer(row["table_schema"])).names
    assert tables["CommandGetDbSchemas"].column("db_schema_name").to_pylist() == ["public"]
    assert all(tables[f"CommandGet{name}Keys"].num_rows == 0 for name in ["Primary", "Exported", "Imported"])
    info = client.get_flight_info(descriptor(command("CommandStatementQuery", {1: 'SELECT 1 AS "ä"'})))
    texts = client.do_get(info.endpoints[0].ticket).read_all()
    assert texts.schema.names == ["ä"]

    actions = {action.type for action in client.list_actions()}
    assert {"CreatePreparedStatement", "ClosePreparedStatement", "CancelFlightInfo"} <= actions, actions
    assert [bytes(result.body) for result in client.do_action(("CloseSession", b""))] == [b"\x08\x01"]
    for call in [
        lambda: list(client.do_action(("BeginTransaction", command("ActionBeginTransactionRequest")))),
        lambda: list(client.do_action(("Mine", b""))),
        lambda: list(client.list_flights()),
        lambda: client.get_flight_info(descriptor(command("CommandStatementSubstraitPlan"))),
        lambda: client.get_flight_info(descriptor(command("CommandStatementQuery", {1: "SELECT 1", 2: b"transaction"}))),
    ]:
        try:
            call()
        except pyarrow.lib.ArrowNotImplementedError as error:
            assert "only reads" in str(error), error
        else:
            raise AssertionError("it was not refused")
    for wrong in [b"", b"no message", command("Mine")]:
        try:
            client.get_flight_info(descriptor(wrong))
        except (pyarrow.lib.ArrowInvalid, pyarrow.lib.ArrowNotImplementedError):
            pass
        else:
            raise AssertionError("it was not refused")
    try:
        client.do_get(pyarrow.flight.Ticket(command("TicketStatementQuery", {1: b"short"}))).read_all()
    except pyarrow.lib.ArrowInvalid as error:
        assert "ticket" in str(error), error
    else:
        raise AssertionError("a ticket of nobody's was taken")

    # A query that is cancelled by another call, as DBeaver does.
    info = client.get_flight_info(descriptor(command("CommandStatementQuery", {1: ENDLESS})))
    ended = []

    def run():
        try:
            # Not read_all: it takes a cancelled query for Ctrl-C, and interrupts the program.
            for _ in client.do_get(info.endpoints[0].ticket):
                pass
        except Exception as error:
            ended.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    until(lambda: count("queries_running") == 1, "it runs")
    def cancel():
        (result,) = client.do_action(("CancelFlightInfo", message({1: info.serialize()})))
        return bytes(result.body)

    assert cancel() == message({1: 1}), "it is cancelled"
    thread.join(10)
    assert isinstance(ended[0], pyarrow.flight.FlightCancelledError), ended
    until(lambda: count("queries_running") == 0, "it ends")
    assert cancel() == message({1: 3}), "there is nothing to cancel"
    older = command("ActionCancelQueryRequest", {1: info.serialize()})
    assert len(list(client.do_action(("CancelQuery", older)))) == 1


def refusals():
    writes = [
        "CREATE TABLE mine AS SELECT 1",
        "CREATE VIEW mine AS SELECT 1",
        "CREATE EXTERNAL TABLE mine STORED AS CSV LOCATION '/etc/passwd'",
        "CREATE SCHEMA mine",
        "DROP TABLE runs",
        "INSERT INTO results SELECT * FROM results",
        "DELETE FROM results",
        "TRUNCATE results",
        "COPY runs TO '/tmp/engram-runs.csv'",
        "EXPLAIN COPY runs TO '/tmp/engram-runs.csv'",
        "EXPLAIN ANALYZE INSERT INTO results SELECT * FROM results",
        "SET datafusion.execution.batch_size = 1",
        "RESET datafusion.execution.batch_size",
        "PREPARE mine AS SELECT 1",
        "EXECUTE mine",
        "DEALLOCATE mine",
    ]
    others = [
        "UPDATE results SET experiment = 'mine'",
        "ALTER TABLE results ADD COLUMN mine INT",
        "SELECT * FROM (INSERT INTO results SELECT * FROM results)",
        "WITH mine AS (DELETE FROM results) SELECT * FROM mine",
        "BEGIN",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM 's3://bucket/file.parquet'",
        "SELECT * FROM 'file:///etc/passwd'",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_parquet('/etc/passwd')",
        "SELECT * FROM parquet_metadata('/etc/passwd')",
        "SELECT read_text('/etc/passwd')",
        "LOAD 'mine'",
        "ATTACH 'mine'",
        "USE mine",
    ]
    with cursor() as c:
        for sql in writes:
            refused(c, sql, "this SQL only reads", "hint: this server only reads")
        for sql in others:
            refused(c, sql)
        assert not os.path.exists("/tmp/engram-runs.csv")
        error = refused(c, "SELECT run_id,\n  lerning_rule FROM runs", "there is no column `lerning_rule`", "line 2, column 3")
        assert "hint: did you mean `learning_rule`?" in str(error), error
        refused(c, "SELECT * FROM rums", "did you mean `runs`?")
        refused(c, "SELECT 1; SELECT 2", "2 statements")
        # A message has to fit into a header, however long the line is that it shows.
        refused(c, f"SELECT '{'ä' * 20000}', mistake FROM runs", "there is no column `mistake`", "line 1, column 20012")
        # Nothing of it has changed anything for anybody.
        assert ask(c, "SHOW datafusion.execution.batch_size") == [("datafusion.execution.batch_size", "8192")]
    with cursor() as c:
        assert ask(c, "SELECT count(*) FROM information_schema.tables WHERE table_name = 'mine'") == [(0,)]


def tokens():
    right, name = MORE
    with cursor(right) as c:
        assert ask(c, "SELECT 1") == [(1,)]
    # As database tools do: any user, the token for a password.
    with cursor(username="anyone", password=right) as c:
        assert ask(c, "SELECT 1") == [(1,)]
    for wrong in [dict(), dict(token="not-a-token-at-all"), dict(username="anyone", password="not-a-token")]:
        try:
            with cursor(**wrong) as c:
                ask(c, "SELECT 1")
        except adbc_driver_manager.Error as error:
            assert "UNAUTHENTICATED" in str(error) and "token" in str(error), error
        else:
            raise AssertionError(f"{wrong} was let in")
    assert count("queries_refused_total", reason="unauthenticated") >= 3
    with urllib.request.urlopen(f"{HTTP}/health", timeout=10) as answer:
        assert answer.status == 200
    print(name)


def tls():
    certificate = open(MORE[0]).read()
    with cursor(**{OPTIONS.TLS_ROOT_CERTS.value: certificate}) as c:
        assert ask(c, "SELECT 1") == [(1,)]
    assert count("queries_finished_total", outcome="done") == 1
    try:
        with cursor() as c:
            ask(c, "SELECT 1")
    except adbc_driver_manager.Error as error:
        assert "certificate" in str(error), error
    else:
        raise AssertionError("a certificate that nobody vouches for was taken")


def limits():
    """--max-rows 1000 --timeout 2 --query-memory 32MB"""
    with cursor() as c:
        assert len(ask(c, "SELECT * FROM generate_series(1, 1000)")) == 1000
        refused(c, "SELECT * FROM generate_series(1, 1001)", "more than 1000 rows", "hint: add a LIMIT")
        began = time.monotonic()
        refused(c, ENDLESS, "longer than 2 s", "--timeout")
        took = time.monotonic() - began
        assert took < 5, took
        refused(c, "SELECT count(*) FROM (SELECT DISTINCT value, repeat('x', 200) FROM generate_series(1, 3000000))", "memory")
        assert until(lambda: count("queries_running") == 0, "queries end") < 10
        until(lambda: count("query_memory_bytes") == 0, "memory is given back")
        assert ask(c, "SELECT 1") == [(1,)]
    assert count("queries_finished_total", outcome="limited") == 3, metrics()


def cancelling():
    """--max-queries 1"""
    (server,) = MORE
    raised = []

    def run(c):
        try:
            ask(c, ENDLESS)
        except adbc_driver_manager.Error as error:
            raised.append(error)

    with cursor() as c:
        thread = threading.Thread(target=run, args=[c])
        thread.start()
        until(lambda: count("queries_running") == 1, "it runs")
        c.adbc_cancel()
        thread.join(10)
        assert raised, "the client is told"
        cancelled = until(lambda: count("queries_running") == 0, "a cancelled query ends")
    until(lambda: is_idle(server), "what was cancelled does not compute")
    # A client that is killed.
    vanishing = subprocess.Popen([sys.executable, __file__, "endless", FLIGHT, HTTP], stderr=subprocess.DEVNULL)
    until(lambda: count("queries_running") == 1, "it runs")
    vanishing.send_signal(signal.SIGKILL)
    vanished = until(lambda: count("queries_running") == 0, "a query whose client has gone ends")
    until(lambda: is_idle(server), "a query whose client has gone does not compute")
    # One that waits for its turn and goes does not get it.
    with cursor() as holder:
        thread = threading.Thread(target=run, args=[holder])
        thread.start()
        until(lambda: count("queries_running") == 1, "it runs")
        waiting = subprocess.Popen([sys.executable, __file__, "endless", FLIGHT, HTTP], stderr=subprocess.DEVNULL)
        until(lambda: count("queries_waiting") == 1, "another waits")
        waiting.kill()
        until(lambda: count("queries_waiting") == 0, "it has gone")
        holder.adbc_cancel()
        thread.join(10)
    with cursor() as c:
        assert ask(c, "SELECT 1") == [(1,)], "the only turn was given back"
    until(lambda: count("queries_running") == 0, "all end")
    assert count("queries_finished_total", outcome="cancelled") == 3, metrics()
    print(f"ended {cancelled:.2f} s after it was cancelled, {vanished:.2f} s after its client had gone")


def endless():
    with cursor() as c:
        ask(c, ENDLESS)


def slow():
    """--max-queries 1 --idle-timeout 3"""
    (server,) = MORE
    with cursor() as c:
        c.execute(LONG)
        reader = c.fetch_record_batch()
        reader.read_next_batch()
        until(lambda: count("queries_standing_by") == 1, "a query whose client does not read stands by")
        # The only turn is free for others meanwhile, and nothing is computed ahead.
        with cursor() as other:
            assert ask(other, "SELECT 1") == [(1,)]
        assert is_idle(server), "it computes without being read"
        until(lambda: count("queries_running") == 0, "a query whose client does not read ends", 10)
        try:
            for _ in range(1000):
                reader.read_next_batch()
        except Exception as error:
            assert "read nothing for 3 s" in str(error), error
        else:
            raise AssertionError("the answer went on")
    assert count("queries_standing_by") == 0


def shutting_down():
    """--grace 10: ends the server while a query runs that does not end in time, and one that does."""
    (server,) = MORE
    ended = {}

    def run(name, sql):
        # What closes the statement finds nobody any more, which is not what was asked.
        with contextlib.suppress(adbc_driver_manager.Error), cursor() as c:
            try:
                ended[name] = ask(c, sql)
            except adbc_driver_manager.Error as error:
                ended[name] = error

    pairs = "SELECT count(*) FROM generate_series(1, 20000) AS a CROSS JOIN generate_series(1, 2000) AS b WHERE a.value + b.value > 0"
    threads = [threading.Thread(target=run, args=case) for case in [("endless", ENDLESS), ("short", pairs)]]
    for thread in threads:
        thread.start()
    until(lambda: count("queries_started_total") == 2, "both run")
    began = time.monotonic()
    os.kill(int(server), signal.SIGTERM)
    time.sleep(0.2)
    try:
        with cursor() as c:
            ask(c, "SELECT 1")
    except adbc_driver_manager.Error:
        pass
    else:
        raise AssertionError("a question was taken")
    for thread in threads:
        thread.join(30)
    assert ended["short"] == [(40_000_000,)], ended
    assert "the query was cancelled" in str(ended["endless"]), ended
    print(f"the short query was answered; all ended after {time.monotonic() - began:.1f} s")


def load():
    """--max-queries 4 --max-waiting 16: 64 clients at once, one of them slow and one killed."""
    server, seconds = MORE[0], float(MORE[1])
    with cursor() as c:
        runs = ask(c, "SELECT run_id, count(*) FROM trajectories GROUP BY 1 ORDER BY 1")
    latencies, busy, wrong = [], [], []
    per_client = [0] * 62
    stop = time.monotonic() + seconds

    def goes_on():
        """Until the time is up and everybody was answered: how soon that is depends on the machine."""
        now = time.monotonic()
        return now < stop or (min(per_client) == 0 and now < stop + 60)

    def client(number):
        try:
            with cursor() as c:
                turn = number
                while goes_on():
                    run, expected = runs[turn % len(runs)]
                    began = time.monotonic()
                    try:
                        if turn % 2:
                            answer = ask(c, "SELECT count(*) FROM trajectories WHERE run_id = ?", (run,))
                            right = answer == [(expected,)]
                        else:
                            n = 20000 + turn % 7
                            c.execute(f"SELECT value, value % 7 AS seventh FROM generate_series(1, {n})")
                            table = c.fetch_arrow_table()
                            # In any order: every number once.
                            total = pyarrow.compute.sum(table.column("value")).as_py()
                            answer = f"{table.num_rows} rows, {total} in sum, of {n}"
                            right = table.num_rows == n and total == n * (n + 1) // 2
                        latencies.append(time.monotonic() - began)
                        per_client[number] += 1
                        if not right:
                            wrong.append((number, turn, run, expected, "a wrong answer", answer))
                    except adbc_driver_manager.Error as error:
                        if "too busy" in str(error) and "try again" in str(error):
                            busy.append(number)
                            time.sleep(0.2)
                        else:
                            wrong.append((number, turn, str(error)))
                    turn += 1
        except Exception as error:
            wrong.append((number, "connecting", repr(error)))

    vanishing = subprocess.Popen([sys.executable, __file__, "endless", FLIGHT, HTTP], stderr=subprocess.DEVNULL)
    until(lambda: count("queries_running") == 1, "the one that will vanish runs")
    with cursor() as lazy:
        lazy.execute(LONG)
        reader = lazy.fetch_record_batch()
        reader.read_next_batch()
        threads = [threading.Thread(target=client, args=[number]) for number in range(62)]
        for thread in threads:
            thread.start()
        time.sleep(seconds / 4)
        vanishing.kill()
        peaks = []
        while any(thread.is_alive() for thread in threads):
            # The server's health is told however busy it is.
            began = time.monotonic()
            with urllib.request.urlopen(f"{HTTP}/health", timeout=5) as answer:
                assert answer.status == 200
            peaks.append(time.monotonic() - began)
            time.sleep(0.1)
        for thread in threads:
            thread.join()
    assert not wrong, wrong[:5]
    until(lambda: count("queries_running") == 0, "all end")
    assert count("queries_waiting") == 0 and count("queries_standing_by") == 0 and count("query_memory_bytes") == 0
    assert count("prepared_statements") <= 1, "what the killed client prepared is forgotten later"
    assert min(per_client) > 0, f"a client was never answered: {per_client}"
    memory = int(re.search(r"VmHWM:\s+(\d+) kB", open(f"/proc/{server}/status").read())[1])
    cuts = statistics.quantiles(latencies, n=100)
    print(
        json.dumps(
            {
                "answers": len(latencies),
                "too_busy": len(busy),
                "p50_milliseconds": round(1000 * cuts[49]),
                "p99_milliseconds": round(1000 * cuts[98]),
                "fewest_answers_of_a_client": min(per_client),
                "most_answers_of_a_client": max(per_client),
                "slowest_health_milliseconds": round(1000 * max(peaks)),
                "peak_memory_bytes": memory * 1024,
            }
        )
    )


{
    "queries": queries,
    "parameters": parameters,
    "catalogue": catalogue,
    "protocol": protocol,
    "refusals": refusals,
    "tokens": tokens,
    "tls": tls,
    "limits": limits,
    "cancelling": cancelling,
    "endless": endless,
    "slow": slow,
    "shutting_down": shutting_down,
    "load": load,
}[CASE]()
