//! What tools ask about a server before they use it: its name, its kind of SQL, its types.

use arrow_flight::error::Result;
use arrow_flight::sql::metadata::{
    SqlInfoData, SqlInfoDataBuilder, XdbcTypeInfo, XdbcTypeInfoData, XdbcTypeInfoDataBuilder,
};
use arrow_flight::sql::{
    Nullable, Searchable, SqlInfo, SqlNullOrdering, SqlOuterJoinsSupportLevel,
    SqlSupportedCaseSensitivity, SqlSupportedGroupBy, SqlSupportedResultSetConcurrency,
    SqlSupportedResultSetType, SqlSupportedSubqueries, SqlSupportedTransaction, SqlSupportedUnions,
    SqlTransactionIsolationLevel, SupportedSqlGrammar, XdbcDataType, XdbcDatetimeSubcode,
};
use engram_engine::Session;

/// Words that stand for themselves in this SQL, beyond those of SQL-92, which tools know.
const KEYWORDS: [&str; 12] = [
    "ANTI",
    "EXCLUDE",
    "EXPLAIN",
    "FILTER",
    "ILIKE",
    "LIMIT",
    "OFFSET",
    "PIVOT",
    "QUALIFY",
    "SEMI",
    "TABLESAMPLE",
    "UNPIVOT",
];

/// What the server says about itself.
///
/// # Errors
/// When the table cannot be made.
pub(super) fn sql_info(session: &Session) -> Result<SqlInfoData> {
    // A set of members of an enumeration: a bit for each.
    let set = |members: &[i32]| members.iter().fold(0_i32, |set, member| set | 1 << member);
    let mut infos = SqlInfoDataBuilder::new();
    infos.append(SqlInfo::FlightSqlServerName, "Engram");
    infos.append(SqlInfo::FlightSqlServerVersion, env!("CARGO_PKG_VERSION"));
    infos.append(SqlInfo::FlightSqlServerArrowVersion, arrow::ARROW_VERSION);
    infos.append(SqlInfo::FlightSqlServerReadOnly, true);
    infos.append(SqlInfo::FlightSqlServerSql, true);
    infos.append(SqlInfo::FlightSqlServerSubstrait, false);
    infos.append(
        SqlInfo::FlightSqlServerTransaction,
        SqlSupportedTransaction::None as i32,
    );
    infos.append(SqlInfo::FlightSqlServerCancel, true);
    infos.append(SqlInfo::FlightSqlServerBulkIngestion, false);
    infos.append(SqlInfo::FlightSqlServerStatementTimeout, 0);
    infos.append(SqlInfo::FlightSqlServerTransactionTimeout, 0);
    infos.append(SqlInfo::SqlDdlCatalog, false);
    infos.append(SqlInfo::SqlDdlSchema, false);
    infos.append(SqlInfo::SqlDdlTable, false);
    infos.append(
        SqlInfo::SqlIdentifierCase,
        SqlSupportedCaseSensitivity::SqlCaseSensitivityLowercase as i32,
    );
    infos.append(SqlInfo::SqlIdentifierQuoteChar, "\"");
    infos.append(
        SqlInfo::SqlQuotedIdentifierCase,
        // They are taken as they are, for which there is no word.
        SqlSupportedCaseSensitivity::SqlCaseSensitivityUnknown as i32,
    );
    infos.append(SqlInfo::SqlAllTablesAreSelectable, true);
    infos.append(
        SqlInfo::SqlNullOrdering,
        SqlNullOrdering::SqlNullsSortedHigh as i32,
    );
    infos.append(SqlInfo::SqlKeywords, &KEYWORDS as &[&str]);
    let mut functions = session.functions();
    functions.sort();
    functions.dedup();
    let functions: Vec<&str> = functions.iter().map(String::as_str).collect();
    let with = |words: &[&str]| -> Vec<String> {
        let chosen = functions
            .iter()
            .filter(|name| words.iter().any(|word| name.contains(word)));
        chosen.map(|name| (*name).to_owned()).collect()
    };
    let datetimes = with(&["date", "time", "now"]);
    let strings = with(&[
        "char", "str", "trim", "pad", "upper", "lower", "regexp", "concat",
    ]);
    let numbers = functions
        .iter()
        .map(|name| (*name).to_owned())
        .filter(|name| !datetimes.contains(name) && !strings.contains(name));
    infos.append(SqlInfo::SqlNumericFunctions, numbers.collect::<Vec<_>>());
    infos.append(SqlInfo::SqlStringFunctions, strings);
    infos.append(SqlInfo::SqlSystemFunctions, &["version"] as &[&str]);
    infos.append(SqlInfo::SqlDatetimeFunctions, datetimes);
    infos.append(SqlInfo::SqlSearchStringEscape, "\\");
    infos.append(SqlInfo::SqlExtraNameCharacters, "");
    for yes in [
        SqlInfo::SqlSupportsColumnAliasing,
        SqlInfo::SqlNullPlusNullIsNull,
        SqlInfo::SqlSupportsTableCorrelationNames,
        SqlInfo::SqlSupportsExpressionsInOrderBy,
        SqlInfo::SqlSupportsOrderByUnrelated,
        SqlInfo::SqlSupportsLikeEscapeClause,
        SqlInfo::SqlSupportsNonNullableColumns,
        SqlInfo::SqlCatalogAtStart,
        SqlInfo::SqlCorrelatedSubqueriesSupported,
    ] {
        infos.append(yes, true);
    }
    for no in [
        SqlInfo::SqlSupportsDifferentTableCorrelationNames,
        SqlInfo::SqlSupportsIntegrityEnhancementFacility,
        SqlInfo::SqlSelectForUpdateSupported,
        SqlInfo::SqlStoredProceduresSupported,
        SqlInfo::SqlMaxRowSizeIncludesBlobs,
        SqlInfo::SqlTransactionsSupported,
        SqlInfo::SqlDataDefinitionCausesTransactionCommit,
        SqlInfo::SqlDataDefinitionsInTransactionsIgnored,
        SqlInfo::SqlBatchUpdatesSupported,
        SqlInfo::SqlSavepointsSupported,
        SqlInfo::SqlNamedParametersSupported,
        SqlInfo::SqlLocatorsUpdateCopy,
        SqlInfo::SqlStoredFunctionsUsingCallSyntaxSupported,
    ] {
        infos.append(no, false);
    }
    infos.append(
        SqlInfo::SqlSupportedGroupBy,
        set(&[
            SqlSupportedGroupBy::SqlGroupByUnrelated as i32,
            SqlSupportedGroupBy::SqlGroupByBeyondSelect as i32,
        ]),
    );
    infos.append(
        SqlInfo::SqlSupportedGrammar,
        set(&[
            SupportedSqlGrammar::SqlMinimumGrammar as i32,
            SupportedSqlGrammar::SqlCoreGrammar as i32,
        ]),
    );
    infos.append(
        SqlInfo::SqlOuterJoinsSupportLevel,
        set(&[
            SqlOuterJoinsSupportLevel::SqlLimitedOuterJoins as i32,
            SqlOuterJoinsSupportLevel::SqlFullOuterJoins as i32,
        ]),
    );
    infos.append(SqlInfo::SqlSchemaTerm, "schema");
    infos.append(SqlInfo::SqlProcedureTerm, "procedure");
    infos.append(SqlInfo::SqlCatalogTerm, "catalog");
    infos.append(SqlInfo::SqlSchemasSupportedActions, 0);
    infos.append(SqlInfo::SqlCatalogsSupportedActions, 0);
    infos.append(SqlInfo::SqlSupportedPositionedCommands, 0);
    infos.append(
        SqlInfo::SqlSupportedSubqueries,
        set(&[
            SqlSupportedSubqueries::SqlSubqueriesInComparisons as i32,
            SqlSupportedSubqueries::SqlSubqueriesInExists as i32,
            SqlSupportedSubqueries::SqlSubqueriesInIns as i32,
        ]),
    );
    infos.append(
        SqlInfo::SqlSupportedUnions,
        set(&[
            SqlSupportedUnions::SqlUnion as i32,
            SqlSupportedUnions::SqlUnionAll as i32,
        ]),
    );
    // 0 is no limit that is known.
    let lengths = SqlInfo::SqlMaxBinaryLiteralLength as u32..=SqlInfo::SqlMaxUsernameLength as u32;
    for length in lengths.filter(|&info| info != SqlInfo::SqlMaxRowSizeIncludesBlobs as u32) {
        infos.append(length, 0_i64);
    }
    infos.append(
        SqlInfo::SqlDefaultTransactionIsolation,
        SqlTransactionIsolationLevel::SqlTransactionNone as i32,
    );
    infos.append(
        SqlInfo::SqlSupportedTransactionsIsolationLevels,
        set(&[SqlTransactionIsolationLevel::SqlTransactionNone as i32]),
    );
    infos.append(
        SqlInfo::SqlSupportedResultSetTypes,
        set(&[SqlSupportedResultSetType::SqlResultSetTypeForwardOnly as i32]),
    );
    infos.append(
        SqlInfo::SqlSupportedConcurrenciesForResultSetForwardOnly,
        set(&[SqlSupportedResultSetConcurrency::SqlResultSetConcurrencyReadOnly as i32]),
    );
    for none in [
        SqlInfo::SqlSupportedConcurrenciesForResultSetUnspecified,
        SqlInfo::SqlSupportedConcurrenciesForResultSetScrollSensitive,
        SqlInfo::SqlSupportedConcurrenciesForResultSetScrollInsensitive,
    ] {
        infos.append(none, 0);
    }
    infos.build()
}

/// The types of columns, in the terms of ODBC and JDBC.
///
/// # Errors
/// When the table cannot be made.
pub(super) fn types() -> Result<XdbcTypeInfoData> {
    use XdbcDataType as Type;
    let mut types = XdbcTypeInfoDataBuilder::new();
    let numbers = [
        ("TINYINT", Type::XdbcTinyint, 8, false),
        ("SMALLINT", Type::XdbcSmallint, 16, false),
        ("INTEGER", Type::XdbcInteger, 32, false),
        ("BIGINT", Type::XdbcBigint, 64, false),
        ("TINYINT UNSIGNED", Type::XdbcTinyint, 8, true),
        ("SMALLINT UNSIGNED", Type::XdbcSmallint, 16, true),
        ("INTEGER UNSIGNED", Type::XdbcInteger, 32, true),
        ("BIGINT UNSIGNED", Type::XdbcBigint, 64, true),
        ("REAL", Type::XdbcReal, 24, false),
        ("DOUBLE", Type::XdbcDouble, 53, false),
    ];
    for (name, data_type, bits, is_unsigned) in numbers {
        types.append(XdbcTypeInfo {
            column_size: Some(bits),
            unsigned_attribute: Some(is_unsigned),
            num_prec_radix: Some(2),
            ..named(name, data_type)
        });
    }
    types.append(XdbcTypeInfo {
        column_size: Some(38),
        create_params: Some(vec!["precision".to_owned(), "scale".to_owned()]),
        unsigned_attribute: Some(false),
        fixed_prec_scale: false,
        minimum_scale: Some(0),
        maximum_scale: Some(38),
        num_prec_radix: Some(10),
        ..named("DECIMAL", Type::XdbcDecimal)
    });
    types.append(named("BOOLEAN", Type::XdbcBit));
    types.append(XdbcTypeInfo {
        column_size: Some(i32::MAX),
        literal_prefix: Some("'".to_owned()),
        literal_suffix: Some("'".to_owned()),
        case_sensitive: true,
        ..named("VARCHAR", Type::XdbcVarchar)
    });
    types.append(XdbcTypeInfo {
        column_size: Some(i32::MAX),
        literal_prefix: Some("X'".to_owned()),
        literal_suffix: Some("'".to_owned()),
        ..named("BYTEA", Type::XdbcVarbinary)
    });
    let times = [
        // The date's subcode is 1, which goes by the name of the interval of that number.
        (
            "DATE",
            Type::XdbcDate,
            10,
            XdbcDatetimeSubcode::XdbcSubcodeYear,
        ),
        (
            "TIME",
            Type::XdbcTime,
            18,
            XdbcDatetimeSubcode::XdbcSubcodeTime,
        ),
        (
            "TIMESTAMP",
            Type::XdbcTimestamp,
            29,
            XdbcDatetimeSubcode::XdbcSubcodeTimestamp,
        ),
    ];
    for (name, data_type, length, subcode) in times {
        types.append(XdbcTypeInfo {
            column_size: Some(length),
            literal_prefix: Some(format!("{name} '")),
            literal_suffix: Some("'".to_owned()),
            sql_data_type: Type::XdbcDatetime,
            datetime_subcode: Some(subcode),
            ..named(name, data_type)
        });
    }
    types.build()
}

fn named(name: &str, data_type: XdbcDataType) -> XdbcTypeInfo {
    XdbcTypeInfo {
        type_name: name.to_owned(),
        local_type_name: Some(name.to_owned()),
        data_type,
        sql_data_type: data_type,
        nullable: Nullable::NullabilityNullable,
        searchable: Searchable::Full,
        auto_increment: Some(false),
        ..XdbcTypeInfo::default()
    }
}
