//! What is asked over HTTP, and how it is answered and refused.

use serde_json::{Value, json};

use crate::serving::{Serving, TOKEN, dataset, header, json_of};

#[test]
fn the_page_and_its_files_are_served_and_nothing_else() {
    let data = dataset();
    let server = Serving::start(data.path(), &[]);
    let page = server.get("/");
    assert_eq!(page.status, 200);
    assert_eq!(header(&page, "content-type"), "text/html; charset=utf-8");
    assert_eq!(header(&page, "x-content-type-options"), "nosniff");
    let policy = header(&page, "content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'; script-src 'self';"),
        "{policy}"
    );
    assert!(
        !policy.contains("http") && !policy.contains('*'),
        "{policy}"
    );
    // Whatever the page names is there.
    let text = String::from_utf8(page.body.clone()).unwrap();
    let named: Vec<&str> = text
        .split('"')
        .filter(|part| part.starts_with("assets/"))
        .collect();
    assert!(named.len() > 4, "{named:?}");
    for name in named {
        let file = server.get(&format!("/{name}"));
        assert_eq!(file.status, 200, "{name}");
        let tag = header(&file, "etag").to_owned();
        let again = server.send("GET", &format!("/{name}"), &[("if-none-match", &tag)], &[]);
        assert_eq!((again.status, again.body.len()), (304, 0), "{name}");
    }
    let packed = server.send(
        "GET",
        "/assets/vendor/uPlot.iife.min.js",
        &[("accept-encoding", "gzip")],
        &[],
    );
    assert_eq!(header(&packed, "content-encoding"), "gzip");
    assert!(packed.body.len() < 30_000, "{}", packed.body.len());
    let head = server.send("HEAD", "/", &[], &[]);
    assert_eq!(
        (head.status, header(&head, "content-length")),
        (200, page.body.len().to_string().as_str())
    );
    for target in [
        "/assets/",
        "/assets/nope.js",
        "/assets/../Cargo.toml",
        "/assets/%2e%2e/%2e%2e/Cargo.toml",
        "/assets/vendor/../../src/lib.rs",
        "/assets//etc/passwd",
        "/index.html",
        "/api",
        "/api/",
        "/api/tables",
    ] {
        let answer = server.get(target);
        assert_eq!(answer.status, 404, "{target}");
        assert_eq!(json_of(&answer)["error"]["kind"], "not_found", "{target}");
    }
    for (method, target) in [
        ("GET", "/api/sql"),
        ("POST", "/"),
        ("DELETE", "/api/dataset"),
        ("PUT", "/assets/main.js"),
    ] {
        assert_eq!(
            server.send(method, target, &[], &[]).status,
            405,
            "{method} {target}"
        );
    }
}

#[test]
fn a_dataset_says_what_it_is() {
    let data = dataset();
    let server = Serving::start(data.path(), &["--max-rows", "5000"]);
    let about = json_of(&server.get("/api/dataset"));
    assert_eq!(
        about["name"],
        data.path().file_name().unwrap().to_str().unwrap()
    );
    assert_eq!(about["n_runs"], 16);
    assert_eq!(about["limits"]["max_rows"], 5000);
    let named = |list: &str, name: &str| -> Value {
        let list = about[list].as_array().unwrap();
        list.iter().find(|one| one["name"] == name).unwrap().clone()
    };
    let table = named("tables", "trajectories");
    let column = |name: &str| {
        table["columns"]
            .as_array()
            .unwrap()
            .iter()
            .find(|column| column["name"] == name)
            .unwrap()
            .clone()
    };
    assert_eq!(column("epoch")["type"], "Int32");
    assert_eq!(
        column("learning_rule")["description"],
        "learning rule that changed the weights: what is to be identified"
    );
    assert_eq!(named("functions", "features")["kind"], "table");
    assert!(
        named("functions", "kurtosis_pearson")["description"]
            .as_str()
            .unwrap()
            .len()
            > 20
    );
    let query = named("queries", "figure_4a");
    assert_eq!(query["parameters"][0]["name"], "measure");
    let bound = json_of(&server.get("/api/queries/figure_4a?samples=7"));
    assert!(
        bound["sql"].as_str().unwrap().contains("samples => 7"),
        "{bound}"
    );
    let missing = server.get("/api/queries/figure_4aa");
    assert_eq!(missing.status, 404);
    assert!(
        json_of(&missing)["error"]["hint"]
            .as_str()
            .unwrap()
            .contains("figure_4a")
    );
    let wrong = server.get("/api/queries/figure_4a?samples=1%3B%20DROP");
    assert_eq!(
        (wrong.status, &json_of(&wrong)["error"]["kind"]),
        (400, &json!("parameter"))
    );
    let choices = json_of(&server.get("/api/choices"));
    assert_eq!(choices["rows"].as_array().unwrap().len(), 4 * 4 + 5 * 4);
    assert_eq!(choices["columns"][10]["name"], "n_runs");
    assert_eq!(choices["rows"][0][10], 2);
}

#[test]
fn statements_are_answered_with_every_digit() {
    let data = dataset();
    let server = Serving::start(data.path(), &[]);
    let answer = server.sql(
        "SELECT 'NaN'::DOUBLE AS a, -1.0 / 0 AS b, 9007199254740993 AS c, NULL AS d, [1, NULL] AS e, DATE '2020-02-03' AS f, 'é\"' AS g",
    );
    assert_eq!(
        answer["rows"],
        json!([[
            "NaN",
            "-Infinity",
            "9007199254740993",
            null,
            [1, null],
            "2020-02-03",
            "é\""
        ]])
    );
    assert_eq!(
        answer["columns"][2],
        json!({ "name": "c", "type": "Int64" })
    );
    assert_eq!(answer["truncated"], false);
    assert!(answer["elapsed_ms"].is_u64());
    let nothing = server.sql("SELECT run_id FROM runs WHERE false");
    assert_eq!(nothing["rows"], json!([]));
    // Empty parts between rows make no difference.
    let some = server.sql("SELECT DISTINCT learning_rule FROM runs ORDER BY 1");
    assert_eq!(some["rows"].as_array().unwrap().len(), 4);
    let first = json_of(&server.post(
        "/api/sql",
        &json!({ "sql": "SELECT epoch FROM trajectories", "max_rows": 10 }),
    ));
    assert_eq!(
        (first["rows"].as_array().unwrap().len(), &first["truncated"]),
        (10, &json!(true))
    );
    let none = json_of(&server.post("/api/sql", &json!({ "sql": "SELECT 1", "max_rows": 0 })));
    assert_eq!(
        (&none["rows"], &none["truncated"]),
        (&json!([]), &json!(true))
    );
    // Values come apart from the text, and stay values.
    let by_name = json!({ "sql": "SELECT $rule AS r, $n + 1 AS n, $x AS x, $nothing AS z", "parameters": { "rule": "'; DROP", "n": 2, "x": 0.5, "nothing": null } });
    assert_eq!(
        json_of(&server.post("/api/sql", &by_name))["rows"],
        json!([["'; DROP", 3, 0.5, null]])
    );
    let in_order = json!({ "sql": "SELECT count(*) FROM runs WHERE learning_rule = ? AND batch_size < ?", "parameters": ["adam", 64] });
    assert_eq!(
        json_of(&server.post("/api/sql", &in_order))["rows"],
        json!([[2]])
    );
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let answer = server.send(
        "POST",
        "/api/sql",
        &form,
        b"sql=SELECT+1+%2B+1+AS+two&max_rows=5",
    );
    assert_eq!(json_of(&answer)["rows"], json!([[2]]));
}

#[test]
fn what_cannot_be_answered_is_told_with_its_place() {
    let data = dataset();
    let server = Serving::start(data.path(), &[]);
    let sql = |sql: &str| server.refused("/api/sql", &json!({ "sql": sql }));
    let (status, error) = sql("SELECT run_id,\n  epoc FROM trajectories");
    assert_eq!(status, 400);
    assert_eq!(
        error,
        json!({ "kind": "sql", "message": "there is no column `epoc`", "hint": "did you mean `epoch`?", "line": 2, "column": 3, "width": 4 })
    );
    let (status, error) = sql("DROP TABLE runs");
    assert_eq!((status, &error["kind"]), (400, &json!("read_only")));
    let (status, error) = sql("COPY runs TO '/tmp/stolen.csv'");
    assert_eq!((status, &error["kind"]), (400, &json!("read_only")));
    for statement in [
        "",
        "SELECT 1; SELECT 2",
        "SELECT '",
        "SELEC 1",
        "SELECT * FROM '/etc/passwd'",
        "SELECT $missing",
    ] {
        let (status, error) = sql(statement);
        assert_eq!(status, 400, "{statement}: {error}");
        assert!(
            error["message"]
                .as_str()
                .is_some_and(|message| message.len() > 10),
            "{statement}: {error}"
        );
    }
    let (status, error) = sql("SELECT 1 / 0");
    assert_eq!((status, &error["kind"]), (400, &json!("running")));
    let json = [("content-type", "application/json")];
    for body in [
        "",
        "{",
        "[]",
        "{\"sql\": 1}",
        "{}",
        "{\"sql\": \"SELECT 1\", \"rows\": 1}",
        "{\"sql\": \"SELECT 1\", \"max_rows\": -1}",
        "\u{0}",
    ] {
        let answer = server.send("POST", "/api/sql", &json, body.as_bytes());
        assert_eq!(
            (answer.status, &json_of(&answer)["error"]["kind"]),
            (400, &json!("request")),
            "{body}"
        );
    }
    let form = [("content-type", "application/x-www-form-urlencoded")];
    for body in [
        "",
        "max_rows=1",
        "sql=SELECT+1&max_rows=many",
        "sql=SELECT+1&nope=1",
    ] {
        assert_eq!(
            server
                .send("POST", "/api/sql", &form, body.as_bytes())
                .status,
            400,
            "{body}"
        );
    }
    for kind in ["text/plain", "", "multipart/form-data; boundary=x"] {
        assert_eq!(
            server
                .send("POST", "/api/sql", &[("content-type", kind)], b"SELECT 1")
                .status,
            415,
            "{kind}"
        );
    }
    let large = format!("{{\"sql\": \"SELECT '{}'\"}}", "x".repeat(1 << 20));
    let answer = server.send("POST", "/api/sql", &json, large.as_bytes());
    assert_eq!(answer.status, 413, "{}", json_of(&answer));
    let (status, error) = server.refused(
        "/api/download",
        &json!({ "sql": "SELECT 1", "format": "xls" }),
    );
    assert_eq!(
        (status, &error["hint"]),
        (400, &json!("there are csv, ndjson, arrow, parquet"))
    );
}

#[test]
fn only_who_shows_a_token_is_answered() {
    let data = dataset();
    let server = Serving::start_with(data.path(), &[], Some(TOKEN));
    let bearer = format!("Bearer {TOKEN}");
    for target in [
        "/api/dataset",
        "/api/choices",
        "/api/queries/features",
        "/report",
    ] {
        assert_eq!(server.get(target).status, 401, "{target}");
        let wrong = server.send(
            "GET",
            target,
            &[("authorization", "Bearer not-the-token-that-it-is")],
            &[],
        );
        assert_eq!(
            (wrong.status, &json_of(&wrong)["error"]["kind"]),
            (401, &json!("token")),
            "{target}"
        );
        assert!(header(&wrong, "www-authenticate").starts_with("Bearer"));
        let right = server.send("GET", target, &[("authorization", &bearer)], &[]);
        assert_ne!(right.status, 401, "{target}");
    }
    for target in ["/api/sql", "/api/download"] {
        assert_eq!(
            server.post(target, &json!({ "sql": "SELECT 1" })).status,
            401,
            "{target}"
        );
    }
    // What says nothing of the dataset is everybody's.
    for target in ["/", "/assets/main.js", "/health", "/ready"] {
        assert_eq!(server.get(target).status, 200, "{target}");
    }
    // With a token, the name by which the server is asked does not matter.
    let headers = [
        ("authorization", bearer.as_str()),
        ("host", "data.example.org"),
    ];
    assert_eq!(
        server.send("GET", "/api/dataset", &headers, &[]).status,
        200
    );
}

#[test]
fn pages_of_other_sites_are_not_answered() {
    let data = dataset();
    let server = Serving::start(data.path(), &[]);
    for (name, value) in [
        ("host", "example.org"),
        ("host", "example.org:8080"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "http://localhost:3000"),
        ("origin", "https://example.org"),
    ] {
        let answer = server.send("GET", "/api/dataset", &[(name, value)], &[]);
        assert_eq!(
            (answer.status, &json_of(&answer)["error"]["kind"]),
            (403, &json!("stranger")),
            "{value}"
        );
    }
    let own = [
        ("host", "localhost:8080"),
        ("sec-fetch-site", "same-origin"),
        ("origin", "http://localhost:8080"),
    ];
    let answer = server.send("GET", "/api/dataset", &own, &[]);
    assert_eq!(
        (
            answer.status,
            header(&answer, "access-control-allow-origin")
        ),
        (200, "")
    );
    let link = [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-dest", "document"),
    ];
    let answer = server.send("GET", "/api/dataset", &link, &[]);
    assert_eq!(answer.status, 200, "a link from another site");
    let everybody = Serving::start(data.path(), &["--allow-anonymous"]);
    assert_eq!(
        everybody
            .send("GET", "/api/dataset", &[("host", "example.org")], &[])
            .status,
        200
    );
}

#[test]
fn a_dataset_without_results_says_how_to_get_figures() {
    let data = dataset();
    let server = Serving::start(data.path(), &[]);
    let answer = server.get("/report");
    assert_eq!(answer.status, 404);
    assert!(
        json_of(&answer)["error"]["hint"]
            .as_str()
            .unwrap()
            .contains("engram reproduce all")
    );
}

#[test]
fn a_statement_of_any_depth_leaves_the_server_alive() {
    let data = dataset();
    let server = Serving::start(data.path(), &[]);
    let ask = |sql: String| {
        let body = json!({ "sql": sql }).to_string();
        let headers = [("content-type", "application/json")];
        server.send("POST", "/api/sql", &headers, body.as_bytes())
    };
    for n in [300] {
        for sql in [
            format!("SELECT {}", vec!["1"; n].join(" + ")),
            format!("SELECT {}", vec!["true"; n].join(" AND ")),
            format!("SELECT 1{}", "::int".repeat(n / 2)),
            format!("{}SELECT 1", "EXPLAIN ".repeat(n)),
            format!("SELECT {}'1'", "INTERVAL ".repeat(n)),
            vec!["SELECT 1"; n / 3].join(" EXCEPT "),
        ] {
            let answer = ask(sql);
            assert!(
                [200, 400, 413, 504].contains(&answer.status),
                "{}",
                answer.status
            );
        }
    }
    let answer = ask(format!("SELECT {}", vec!["1"; 20_000].join(" + ")));
    let problem = json_of(&answer)["error"]["message"].to_string();
    assert_eq!(answer.status, 400);
    assert!(problem.contains("at most 4000 can be planned"), "{problem}");
    assert_eq!(server.send("GET", "/health", &[], &[]).status, 200);
}
