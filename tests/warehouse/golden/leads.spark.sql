-- count
WITH `keyed` AS (
  SELECT
    NULLIF(
      TRIM(' \t\r\n' FROM TRANSLATE(CAST(`email` AS STRING), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')),
      ''
    ) AS `k`,
    CAST(`title` AS STRING) AS `v_job_title`,
    REPLACE(DATE_FORMAT(`last_seen_at`, 'yyyy-MM-dd\'T\'HH:mm:ss.SSSSSS\'Z\''), '.000000Z', 'Z') AS `v_last_seen_at`,
    CASE
      WHEN CAST(`product_score` AS STRING) LIKE '%.%'
      THEN TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM CAST(`product_score` AS STRING)))
      ELSE CAST(`product_score` AS STRING)
    END AS `v_product_score`,
    CAST(`seniority` AS STRING) AS `v_seniority`,
    CAST('warehouse' AS STRING) AS `v_source`,
    NULLIF(
      REGEXP_REPLACE(
        REGEXP_REPLACE(
          REGEXP_REPLACE(
            REGEXP_REPLACE(
              TRIM(' \t\r\n' FROM TRANSLATE(
                CAST(`company_domain` AS STRING),
                'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
                'abcdefghijklmnopqrstuvwxyz'
              )),
              '^[a-z][a-z0-9+.-]*://',
              ''
            ),
            '[/?#]([^/]|/)*$',
            ''
          ),
          '([ \t\r\n.]|:[0-9]*)+$',
          ''
        ),
        '^([ \t\r\n]|www[.])+',
        ''
      ),
      ''
    ) AS `company_domain`
  FROM `db`.`prod`.`people`
), `shared` AS (
  SELECT
    NULLIF(
      TRIM(' \t\r\n' FROM TRANSLATE(CAST(`email` AS STRING), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')),
      ''
    ) AS `shared_key`
  FROM `db`.`prod`.`people`
  GROUP BY
    1
  HAVING
    COUNT(*) > 1
), `source` AS (
  SELECT
    `keyed`.`k` AS `k`,
    1 AS `present`,
    `shared`.`shared_key`,
    MD5(
      '1.1.b95fad14efe4' || COALESCE(CAST(LENGTH(`keyed`.`v_job_title`) AS STRING) || ':' || `keyed`.`v_job_title`, '~') || COALESCE(
        CAST(LENGTH(`keyed`.`v_last_seen_at`) AS STRING) || ':' || `keyed`.`v_last_seen_at`,
        '~'
      ) || COALESCE(
        CAST(LENGTH(`keyed`.`v_product_score`) AS STRING) || ':' || `keyed`.`v_product_score`,
        '~'
      ) || COALESCE(CAST(LENGTH(`keyed`.`v_seniority`) AS STRING) || ':' || `keyed`.`v_seniority`, '~') || COALESCE(CAST(LENGTH(`keyed`.`v_source`) AS STRING) || ':' || `keyed`.`v_source`, '~')
    ) AS `h`,
    `keyed`.`v_job_title` AS `v_job_title`,
    `keyed`.`v_last_seen_at` AS `v_last_seen_at`,
    `keyed`.`v_product_score` AS `v_product_score`,
    `keyed`.`v_seniority` AS `v_seniority`,
    `keyed`.`v_source` AS `v_source`,
    CASE
      WHEN NOT `keyed`.`company_domain` IS NULL
      AND NOT REGEXP_LIKE(`keyed`.`company_domain`, '[^ -~]')
      AND REGEXP_LIKE(
        `keyed`.`company_domain`,
        '^([a-z0-9]([a-z0-9-]*[a-z0-9])?[.])+[a-z]([a-z0-9-]*[a-z0-9])?\\z'
      )
      AND REGEXP_LIKE(
        `keyed`.`k`,
        '^[^@,;:<>()" \t\r\n]+@([a-z0-9]([a-z0-9-]*[a-z0-9])?[.])+[a-z]([a-z0-9-]*[a-z0-9])?\\z'
      )
      AND REGEXP_REPLACE(`keyed`.`k`, '^.*@', '') <> `keyed`.`company_domain`
      THEN 1
      ELSE 0
    END AS `other_domain`
  FROM `keyed`
  LEFT JOIN `shared`
    ON `keyed`.`k` = `shared`.`shared_key`
), `state` AS (
  SELECT
    *
  FROM `qsync`.`state_people`
), `rejected` AS (
  SELECT
    `key`,
    `row_hash`,
    `attempts`,
    `first_at`,
    COALESCE(`field`, '') || ': ' || REGEXP_REPLACE(`reason`, '[A-Za-z0-9_-]*[0-9][A-Za-z0-9_-]*', '#') AS `rejected_as`
  FROM `qsync`.`qsync_rejects`
  WHERE
    `stream_id` = '0123456789abcdef' AND `meaning` = '57c37cd24980'
), `met` AS (
  SELECT
    COALESCE(`source`.`k`, `state`.`key`) AS `key`,
    `source`.`h` AS `hash`,
    `source`.`present` AS `present`,
    CASE
      WHEN `source`.`present` IS NULL
      THEN CAST(NULL AS STRING)
      ELSE CASE
        WHEN `source`.`h` = `state`.`row_hash` AND `state`.`status` = 'synced'
        THEN CASE
          WHEN NOT `source`.`shared_key` IS NULL
          THEN 'duplicate_key'
          WHEN NOT `source`.`v_seniority` IS NULL
          AND NOT `source`.`v_seniority` IN ('vp', 'it\'s')
          THEN 'not_an_option:seniority'
          ELSE CAST(NULL AS STRING)
        END
        ELSE CASE
          WHEN `source`.`k` IS NULL
          THEN 'null_key'
          WHEN NOT NOT REGEXP_LIKE(`source`.`k`, '[^ -~]')
          THEN 'non_ascii_key'
          WHEN NOT REGEXP_LIKE(
            `source`.`k`,
            '^[^@,;:<>()" \t\r\n]+@([a-z0-9]([a-z0-9-]*[a-z0-9])?[.])+[a-z]([a-z0-9-]*[a-z0-9])?\\z'
          )
          THEN 'malformed_key'
          WHEN NOT `source`.`shared_key` IS NULL
          THEN 'duplicate_key'
          WHEN NOT `source`.`v_product_score` IS NULL
          AND NOT REGEXP_LIKE(`source`.`v_product_score`, '^-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][+-]?[0-9]+)?\\z')
          THEN 'not_a_number:product_score'
          WHEN NOT `source`.`v_seniority` IS NULL
          AND NOT `source`.`v_seniority` IN ('vp', 'it\'s')
          THEN 'not_an_option:seniority'
          ELSE CAST(NULL AS STRING)
        END
      END
    END AS `invalid`,
    `state`.`status` AS `state_status`,
    CASE
      WHEN `source`.`h` = `state`.`row_hash` AND `state`.`status` = 'synced'
      THEN 1
      ELSE 0
    END AS `same`,
    `state`.`v_last_seen_at` AS `old_1`,
    `state`.`v_product_score` AS `old_2`,
    `state`.`v_seniority` AS `old_3`,
    `state`.`v_source` AS `old_4`,
    `source`.`v_job_title` AS `new_0`,
    `source`.`v_last_seen_at` AS `new_1`,
    `source`.`v_product_score` AS `new_2`,
    `source`.`v_seniority` AS `new_3`,
    `source`.`v_source` AS `new_4`,
    COALESCE(`rejected`.`attempts`, 0) AS `attempts`,
    `rejected`.`first_at` AS `rejected_at`,
    `rejected`.`rejected_as` AS `rejected_as`,
    COALESCE(`source`.`other_domain`, 0) AS `other_domain`
  FROM `source`
  FULL OUTER JOIN `state`
    ON `source`.`k` = `state`.`key`
  LEFT JOIN `rejected`
    ON `source`.`k` = `rejected`.`key` AND `source`.`h` = `rejected`.`row_hash`
), `judged` AS (
  SELECT
    CASE
      WHEN `met`.`present` IS NULL
      THEN CASE WHEN `met`.`state_status` = 'removed' THEN 'gone' ELSE 'removed' END
      WHEN NOT `met`.`invalid` IS NULL
      THEN 'invalid'
      WHEN `met`.`state_status` IS NULL
      THEN 'added'
      WHEN `met`.`state_status` IN ('unsettled', 'open')
      THEN 'changed'
      WHEN `met`.`same` = 1
      THEN 'unchanged'
      WHEN (
        NOT `met`.`new_0` IS NULL
        OR (
          NOT `met`.`new_1` IS NULL
          AND (
            `met`.`old_1` IS NULL OR `met`.`new_1` <> `met`.`old_1`
          )
        )
        OR (
          NOT `met`.`new_2` IS NULL
          AND (
            `met`.`old_2` IS NULL OR `met`.`new_2` <> `met`.`old_2`
          )
        )
        OR (
          NOT `met`.`new_3` IS NULL
          AND (
            `met`.`old_3` IS NULL OR `met`.`new_3` <> `met`.`old_3`
          )
        )
        OR (
          NOT `met`.`new_4` IS NULL
          AND (
            `met`.`old_4` IS NULL OR `met`.`new_4` <> `met`.`old_4`
          )
        )
      )
      THEN 'changed'
      ELSE 'rehash'
    END AS `fate`,
    `met`.*
  FROM `met`
), `diff` AS (
  SELECT
    CASE
      WHEN `judged`.`fate` IN ('added', 'changed') AND `judged`.`attempts` >= 2
      THEN 'resting'
      ELSE `judged`.`fate`
    END AS `op`,
    CASE
      WHEN `judged`.`fate` IN ('added', 'changed') AND `judged`.`attempts` > 0
      THEN 1
      ELSE 0
    END AS `retried`,
    COALESCE(`judged`.`invalid`, `judged`.`rejected_as`) AS `reason`,
    `judged`.`key` AS `key`,
    `judged`.`hash` AS `hash`,
    CASE
      WHEN `judged`.`state_status` = 'unsettled'
      THEN 1
      WHEN `judged`.`state_status` = 'open'
      THEN 2
      ELSE 0
    END AS `unsettled`,
    CASE
      WHEN NOT `judged`.`present` IS NULL AND `judged`.`state_status` = 'removed'
      THEN 1
      ELSE 0
    END AS `returned`,
    CASE
      WHEN `judged`.`fate` = 'unchanged'
      THEN CAST(NULL AS STRING)
      ELSE CASE
        WHEN `judged`.`present` IS NULL
        THEN '-'
        WHEN `judged`.`new_0` IS NULL
        THEN '.'
        ELSE 's'
      END || CASE
        WHEN `judged`.`present` IS NULL
        THEN '-'
        WHEN `judged`.`new_1` IS NULL
        THEN '-'
        WHEN `judged`.`old_1` IS NULL
        THEN 's'
        WHEN `judged`.`new_1` <> `judged`.`old_1`
        THEN 'c'
        ELSE '.'
      END || CASE
        WHEN `judged`.`present` IS NULL
        THEN '-'
        WHEN `judged`.`new_2` IS NULL
        THEN '-'
        WHEN `judged`.`old_2` IS NULL
        THEN 's'
        WHEN `judged`.`new_2` <> `judged`.`old_2`
        THEN 'c'
        ELSE '.'
      END || CASE
        WHEN `judged`.`present` IS NULL
        THEN '-'
        WHEN `judged`.`new_3` IS NULL
        THEN '-'
        WHEN `judged`.`old_3` IS NULL
        THEN 's'
        WHEN `judged`.`new_3` <> `judged`.`old_3`
        THEN 'c'
        ELSE '.'
      END || CASE
        WHEN `judged`.`present` IS NULL
        THEN '-'
        WHEN `judged`.`new_4` IS NULL
        THEN '-'
        WHEN `judged`.`old_4` IS NULL
        THEN 's'
        WHEN `judged`.`new_4` <> `judged`.`old_4`
        THEN 'c'
        ELSE '.'
      END
    END AS `kinds`,
    `judged`.`new_0` AS `v_job_title`,
    COALESCE(
      `judged`.`new_1`,
      CASE
        WHEN `judged`.`state_status` IN ('unsettled', 'open') AND NOT `judged`.`old_1` IS NULL
        THEN 'qsync:unknown'
        ELSE `judged`.`old_1`
      END
    ) AS `v_last_seen_at`,
    COALESCE(
      `judged`.`new_2`,
      CASE
        WHEN `judged`.`state_status` IN ('unsettled', 'open') AND NOT `judged`.`old_2` IS NULL
        THEN 'qsync:unknown'
        ELSE `judged`.`old_2`
      END
    ) AS `v_product_score`,
    COALESCE(
      `judged`.`new_3`,
      CASE
        WHEN `judged`.`state_status` IN ('unsettled', 'open') AND NOT `judged`.`old_3` IS NULL
        THEN 'qsync:unknown'
        ELSE `judged`.`old_3`
      END
    ) AS `v_seniority`,
    COALESCE(
      `judged`.`new_4`,
      CASE
        WHEN `judged`.`state_status` IN ('unsettled', 'open') AND NOT `judged`.`old_4` IS NULL
        THEN 'qsync:unknown'
        ELSE `judged`.`old_4`
      END
    ) AS `v_source`,
    `judged`.`attempts` AS `attempts`,
    `judged`.`rejected_at` AS `rejected_at`,
    `judged`.`other_domain` AS `other_domain`
  FROM `judged`
)
SELECT
  `op`,
  `retried`,
  `unsettled`,
  `returned`,
  `reason`,
  'data' AS `cause`,
  SUM(`records`),
  (
    SELECT
      COUNT(*)
    FROM `qsync`.`state_people`
    WHERE
      `status` <> 'removed'
  ) AS `state_rows`,
  SUM(`other_domain`),
  COALESCE(SUM(CASE WHEN 1 = 0 THEN `records` ELSE 0 END), 0),
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 1, 1) = 'c' THEN `records` ELSE 0 END), 0),
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 1, 1) = 's' THEN `records` ELSE 0 END), 0),
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 1, 1) = 'x' THEN `records` ELSE 0 END), 0),
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 2, 1) = 'c' THEN `records` ELSE 0 END), 0),
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 2, 1) = 's' THEN `records` ELSE 0 END), 0),
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 2, 1) = 'x' THEN `records` ELSE 0 END), 0),
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 3, 1) = 'c' THEN `records` ELSE 0 END), 0),
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 3, 1) = 's' THEN `records` ELSE 0 END), 0),
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 3, 1) = 'x' THEN `records` ELSE 0 END), 0),
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 4, 1) = 'c' THEN `records` ELSE 0 END), 0),
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 4, 1) = 's' THEN `records` ELSE 0 END), 0),
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 4, 1) = 'x' THEN `records` ELSE 0 END), 0),
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 5, 1) = 'c' THEN `records` ELSE 0 END), 0),
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 5, 1) = 's' THEN `records` ELSE 0 END), 0),
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 5, 1) = 'x' THEN `records` ELSE 0 END), 0),
  COALESCE(SUM(CASE WHEN `kinds` LIKE '%x%' THEN `records` ELSE 0 END), 0)
FROM (
  SELECT
    `op`,
    `retried`,
    `unsettled`,
    `returned`,
    CASE WHEN `op` IN ('invalid') THEN `reason` ELSE CAST(NULL AS STRING) END AS `reason`,
    CASE WHEN `op` IN ('changed') THEN `kinds` ELSE CAST(NULL AS STRING) END AS `kinds`,
    COUNT(*) AS `records`,
    SUM(`other_domain`) AS `other_domain`
  FROM `diff`
  GROUP BY
    `op`,
    `retried`,
    `unsettled`,
    `returned`,
    CASE WHEN `op` IN ('invalid') THEN `reason` ELSE CAST(NULL AS STRING) END,
    CASE WHEN `op` IN ('changed') THEN `kinds` ELSE CAST(NULL AS STRING) END
) AS `grouped_records`
GROUP BY
  `op`,
  `retried`,
  `unsettled`,
  `returned`,
  `reason`;

-- count after the mapping moved
SELECT
  `op`,
  `retried`,
  `unsettled`,
  `returned`,
  `reason`,
  `cause`,
  SUM(`records`),
  (
    SELECT
      COUNT(*)
    FROM `qsync`.`state_people`
    WHERE
      `status` <> 'removed'
  ) AS `state_rows`,
  SUM(`other_domain`),
  COALESCE(SUM(CASE WHEN 1 = 0 THEN `records` ELSE 0 END), 0),
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 1, 1) = 'c' THEN `records` ELSE 0 END), 0),
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 1, 1) = 's' THEN `records` ELSE 0 END), 0),
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 1, 1) = 'x' THEN `records` ELSE 0 END), 0),
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 2, 1) = 'c' THEN `records` ELSE 0 END), 0),
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 2, 1) = 's' THEN `records` ELSE 0 END), 0),
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 2, 1) = 'x' THEN `records` ELSE 0 END), 0),
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 3, 1) = 'c' THEN `records` ELSE 0 END), 0),
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 3, 1) = 's' THEN `records` ELSE 0 END), 0),
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 3, 1) = 'x' THEN `records` ELSE 0 END), 0),
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 4, 1) = 'c' THEN `records` ELSE 0 END), 0),
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 4, 1) = 's' THEN `records` ELSE 0 END), 0),
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 4, 1) = 'x' THEN `records` ELSE 0 END), 0),
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 5, 1) = 'c' THEN `records` ELSE 0 END), 0),
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 5, 1) = 's' THEN `records` ELSE 0 END), 0),
  COALESCE(SUM(CASE WHEN SUBSTRING(`kinds`, 5, 1) = 'x' THEN `records` ELSE 0 END), 0),
  COALESCE(SUM(CASE WHEN `kinds` LIKE '%x%' THEN `records` ELSE 0 END), 0)
FROM (
  SELECT
    `grouped_records`.*,
    CASE
      WHEN NOT `op` IN ('changed')
      THEN 'data'
      WHEN (
        SUBSTRING(`kinds`, 2, 1) IN ('c', 's', 'x')
        OR SUBSTRING(`kinds`, 3, 1) IN ('c', 's', 'x')
        OR SUBSTRING(`kinds`, 5, 1) IN ('c', 's', 'x')
      )
      THEN 'data'
      WHEN SUBSTRING(`kinds`, 1, 1) IN ('c', 's', 'x')
      THEN 'mapping'
      WHEN SUBSTRING(`kinds`, 4, 1) IN ('c', 's', 'x')
      THEN 'catalog'
      ELSE 'data'
    END AS `cause`
  FROM (
    SELECT
      `op`,
      `retried`,
      `unsettled`,
      `returned`,
      CASE WHEN `op` IN ('invalid') THEN `reason` ELSE CAST(NULL AS STRING) END AS `reason`,
      CASE WHEN `op` IN ('changed') THEN `kinds` ELSE CAST(NULL AS STRING) END AS `kinds`,
      COUNT(*) AS `records`,
      SUM(`other_domain`) AS `other_domain`
    FROM `diff`
    GROUP BY
      `op`,
      `retried`,
      `unsettled`,
      `returned`,
      CASE WHEN `op` IN ('invalid') THEN `reason` ELSE CAST(NULL AS STRING) END,
      CASE WHEN `op` IN ('changed') THEN `kinds` ELSE CAST(NULL AS STRING) END
  ) AS `grouped_records`
) AS `caused`
GROUP BY
  `op`,
  `retried`,
  `unsettled`,
  `returned`,
  `reason`,
  `cause`;

-- unstaged
WITH `keyed` AS (
  SELECT
    NULLIF(
      TRIM(' \t\r\n' FROM TRANSLATE(CAST(`email` AS STRING), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')),
      ''
    ) AS `k`,
    CAST(`title` AS STRING) AS `v_job_title`,
    REPLACE(DATE_FORMAT(`last_seen_at`, 'yyyy-MM-dd\'T\'HH:mm:ss.SSSSSS\'Z\''), '.000000Z', 'Z') AS `v_last_seen_at`,
    CASE
      WHEN CAST(`product_score` AS STRING) LIKE '%.%'
      THEN TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM CAST(`product_score` AS STRING)))
      ELSE CAST(`product_score` AS STRING)
    END AS `v_product_score`,
    CAST(`seniority` AS STRING) AS `v_seniority`,
    CAST('warehouse' AS STRING) AS `v_source`,
    NULLIF(
      REGEXP_REPLACE(
        REGEXP_REPLACE(
          REGEXP_REPLACE(
            REGEXP_REPLACE(
              TRIM(' \t\r\n' FROM TRANSLATE(
                CAST(`company_domain` AS STRING),
                'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
                'abcdefghijklmnopqrstuvwxyz'
              )),
              '^[a-z][a-z0-9+.-]*://',
              ''
            ),
            '[/?#]([^/]|/)*$',
            ''
          ),
          '([ \t\r\n.]|:[0-9]*)+$',
          ''
        ),
        '^([ \t\r\n]|www[.])+',
        ''
      ),
      ''
    ) AS `company_domain`
  FROM `db`.`prod`.`people`
)
SELECT
  `in_state`.`living`,
  `in_state`.`tombstones`,
  (
    SELECT
      COUNT(DISTINCT `key`)
    FROM `qsync`.`stage_r1`
    WHERE
      `returned` = 1
  ) AS `returned`,
  `in_model`.`c_0` AS `in_model_c_0`,
  `in_model`.`c_1` AS `in_model_c_1`,
  `staged`.`c_0` AS `staged_c_0`,
  `staged`.`c_1` AS `staged_c_1`
FROM (
  SELECT
    COALESCE(SUM(CASE WHEN `status` <> 'removed' THEN 1 ELSE 0 END), 0) AS `living`,
    COALESCE(SUM(CASE WHEN `status` = 'removed' THEN 1 ELSE 0 END), 0) AS `tombstones`
  FROM `qsync`.`state_people`
) AS `in_state`
CROSS JOIN (
  SELECT
    COUNT(*) AS `c_0`,
    SUM(
      CASE
        WHEN NOT `keyed`.`company_domain` IS NULL
        AND NOT REGEXP_LIKE(`keyed`.`company_domain`, '[^ -~]')
        AND REGEXP_LIKE(
          `keyed`.`company_domain`,
          '^([a-z0-9]([a-z0-9-]*[a-z0-9])?[.])+[a-z]([a-z0-9-]*[a-z0-9])?\\z'
        )
        AND REGEXP_LIKE(
          `keyed`.`k`,
          '^[^@,;:<>()" \t\r\n]+@([a-z0-9]([a-z0-9-]*[a-z0-9])?[.])+[a-z]([a-z0-9-]*[a-z0-9])?\\z'
        )
        AND REGEXP_REPLACE(`keyed`.`k`, '^.*@', '') <> `keyed`.`company_domain`
        THEN 1
        ELSE 0
      END
    ) AS `c_1`
  FROM `keyed`
) AS `in_model`
CROSS JOIN (
  SELECT
    COUNT(*) AS `c_0`,
    SUM(`other_domain`) AS `c_1`
  FROM `qsync`.`stage_r1`
  WHERE
    `op` <> 'removed'
) AS `staged`;

-- stage
WITH `keyed` AS (
  SELECT
    NULLIF(
      TRIM(' \t\r\n' FROM TRANSLATE(CAST(`email` AS STRING), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')),
      ''
    ) AS `k`,
    CAST(`title` AS STRING) AS `v_job_title`,
    REPLACE(DATE_FORMAT(`last_seen_at`, 'yyyy-MM-dd\'T\'HH:mm:ss.SSSSSS\'Z\''), '.000000Z', 'Z') AS `v_last_seen_at`,
    CASE
      WHEN CAST(`product_score` AS STRING) LIKE '%.%'
      THEN TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM CAST(`product_score` AS STRING)))
      ELSE CAST(`product_score` AS STRING)
    END AS `v_product_score`,
    CAST(`seniority` AS STRING) AS `v_seniority`,
    CAST('warehouse' AS STRING) AS `v_source`,
    NULLIF(
      REGEXP_REPLACE(
        REGEXP_REPLACE(
          REGEXP_REPLACE(
            REGEXP_REPLACE(
              TRIM(' \t\r\n' FROM TRANSLATE(
                CAST(`company_domain` AS STRING),
                'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
                'abcdefghijklmnopqrstuvwxyz'
              )),
              '^[a-z][a-z0-9+.-]*://',
              ''
            ),
            '[/?#]([^/]|/)*$',
            ''
          ),
          '([ \t\r\n.]|:[0-9]*)+$',
          ''
        ),
        '^([ \t\r\n]|www[.])+',
        ''
      ),
      ''
    ) AS `company_domain`
  FROM `db`.`prod`.`people`
), `shared` AS (
  SELECT
    NULLIF(
      TRIM(' \t\r\n' FROM TRANSLATE(CAST(`email` AS STRING), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')),
      ''
    ) AS `shared_key`
  FROM `db`.`prod`.`people`
  GROUP BY
    1
  HAVING
    COUNT(*) > 1
), `source` AS (
  SELECT
    `keyed`.`k` AS `k`,
    1 AS `present`,
    `shared`.`shared_key`,
    MD5(
      '1.1.b95fad14efe4' || COALESCE(CAST(LENGTH(`keyed`.`v_job_title`) AS STRING) || ':' || `keyed`.`v_job_title`, '~') || COALESCE(
        CAST(LENGTH(`keyed`.`v_last_seen_at`) AS STRING) || ':' || `keyed`.`v_last_seen_at`,
        '~'
      ) || COALESCE(
        CAST(LENGTH(`keyed`.`v_product_score`) AS STRING) || ':' || `keyed`.`v_product_score`,
        '~'
      ) || COALESCE(CAST(LENGTH(`keyed`.`v_seniority`) AS STRING) || ':' || `keyed`.`v_seniority`, '~') || COALESCE(CAST(LENGTH(`keyed`.`v_source`) AS STRING) || ':' || `keyed`.`v_source`, '~')
    ) AS `h`,
    `keyed`.`v_job_title` AS `v_job_title`,
    `keyed`.`v_last_seen_at` AS `v_last_seen_at`,
    `keyed`.`v_product_score` AS `v_product_score`,
    `keyed`.`v_seniority` AS `v_seniority`,
    `keyed`.`v_source` AS `v_source`,
    CASE
      WHEN NOT `keyed`.`company_domain` IS NULL
      AND NOT REGEXP_LIKE(`keyed`.`company_domain`, '[^ -~]')
      AND REGEXP_LIKE(
        `keyed`.`company_domain`,
        '^([a-z0-9]([a-z0-9-]*[a-z0-9])?[.])+[a-z]([a-z0-9-]*[a-z0-9])?\\z'
      )
      AND REGEXP_LIKE(
        `keyed`.`k`,
        '^[^@,;:<>()" \t\r\n]+@([a-z0-9]([a-z0-9-]*[a-z0-9])?[.])+[a-z]([a-z0-9-]*[a-z0-9])?\\z'
      )
      AND REGEXP_REPLACE(`keyed`.`k`, '^.*@', '') <> `keyed`.`company_domain`
      THEN 1
      ELSE 0
    END AS `other_domain`
  FROM `keyed`
  LEFT JOIN `shared`
    ON `keyed`.`k` = `shared`.`shared_key`
), `state` AS (
  SELECT
    *
  FROM `qsync`.`state_people`
), `rejected` AS (
  SELECT
    `key`,
    `row_hash`,
    `attempts`,
    `first_at`,
    COALESCE(`field`, '') || ': ' || REGEXP_REPLACE(`reason`, '[A-Za-z0-9_-]*[0-9][A-Za-z0-9_-]*', '#') AS `rejected_as`
  FROM `qsync`.`qsync_rejects`
  WHERE
    `stream_id` = '0123456789abcdef' AND `meaning` = '57c37cd24980'
), `met` AS (
  SELECT
    COALESCE(`source`.`k`, `state`.`key`) AS `key`,
    `source`.`h` AS `hash`,
    `source`.`present` AS `present`,
    CASE
      WHEN `source`.`present` IS NULL
      THEN CAST(NULL AS STRING)
      ELSE CASE
        WHEN `source`.`h` = `state`.`row_hash` AND `state`.`status` = 'synced'
        THEN CASE
          WHEN NOT `source`.`shared_key` IS NULL
          THEN 'duplicate_key'
          WHEN NOT `source`.`v_seniority` IS NULL
          AND NOT `source`.`v_seniority` IN ('vp', 'it\'s')
          THEN 'not_an_option:seniority'
          ELSE CAST(NULL AS STRING)
        END
        ELSE CASE
          WHEN `source`.`k` IS NULL
          THEN 'null_key'
          WHEN NOT NOT REGEXP_LIKE(`source`.`k`, '[^ -~]')
          THEN 'non_ascii_key'
          WHEN NOT REGEXP_LIKE(
            `source`.`k`,
            '^[^@,;:<>()" \t\r\n]+@([a-z0-9]([a-z0-9-]*[a-z0-9])?[.])+[a-z]([a-z0-9-]*[a-z0-9])?\\z'
          )
          THEN 'malformed_key'
          WHEN NOT `source`.`shared_key` IS NULL
          THEN 'duplicate_key'
          WHEN NOT `source`.`v_product_score` IS NULL
          AND NOT REGEXP_LIKE(`source`.`v_product_score`, '^-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][+-]?[0-9]+)?\\z')
          THEN 'not_a_number:product_score'
          WHEN NOT `source`.`v_seniority` IS NULL
          AND NOT `source`.`v_seniority` IN ('vp', 'it\'s')
          THEN 'not_an_option:seniority'
          ELSE CAST(NULL AS STRING)
        END
      END
    END AS `invalid`,
    `state`.`status` AS `state_status`,
    CASE
      WHEN `source`.`h` = `state`.`row_hash` AND `state`.`status` = 'synced'
      THEN 1
      ELSE 0
    END AS `same`,
    `state`.`v_last_seen_at` AS `old_1`,
    `state`.`v_product_score` AS `old_2`,
    `state`.`v_seniority` AS `old_3`,
    `state`.`v_source` AS `old_4`,
    `source`.`v_job_title` AS `new_0`,
    `source`.`v_last_seen_at` AS `new_1`,
    `source`.`v_product_score` AS `new_2`,
    `source`.`v_seniority` AS `new_3`,
    `source`.`v_source` AS `new_4`,
    COALESCE(`rejected`.`attempts`, 0) AS `attempts`,
    `rejected`.`first_at` AS `rejected_at`,
    `rejected`.`rejected_as` AS `rejected_as`,
    COALESCE(`source`.`other_domain`, 0) AS `other_domain`
  FROM `source`
  FULL OUTER JOIN `state`
    ON `source`.`k` = `state`.`key`
  LEFT JOIN `rejected`
    ON `source`.`k` = `rejected`.`key` AND `source`.`h` = `rejected`.`row_hash`
), `judged` AS (
  SELECT
    CASE
      WHEN `met`.`present` IS NULL
      THEN CASE WHEN `met`.`state_status` = 'removed' THEN 'gone' ELSE 'removed' END
      WHEN NOT `met`.`invalid` IS NULL
      THEN 'invalid'
      WHEN `met`.`state_status` IS NULL
      THEN 'added'
      WHEN `met`.`state_status` IN ('unsettled', 'open')
      THEN 'changed'
      WHEN `met`.`same` = 1
      THEN 'unchanged'
      WHEN (
        NOT `met`.`new_0` IS NULL
        OR (
          NOT `met`.`new_1` IS NULL
          AND (
            `met`.`old_1` IS NULL OR `met`.`new_1` <> `met`.`old_1`
          )
        )
        OR (
          NOT `met`.`new_2` IS NULL
          AND (
            `met`.`old_2` IS NULL OR `met`.`new_2` <> `met`.`old_2`
          )
        )
        OR (
          NOT `met`.`new_3` IS NULL
          AND (
            `met`.`old_3` IS NULL OR `met`.`new_3` <> `met`.`old_3`
          )
        )
        OR (
          NOT `met`.`new_4` IS NULL
          AND (
            `met`.`old_4` IS NULL OR `met`.`new_4` <> `met`.`old_4`
          )
        )
      )
      THEN 'changed'
      ELSE 'rehash'
    END AS `fate`,
    `met`.*
  FROM `met`
), `diff` AS (
  SELECT
    CASE
      WHEN `judged`.`fate` IN ('added', 'changed') AND `judged`.`attempts` >= 2
      THEN 'resting'
      ELSE `judged`.`fate`
    END AS `op`,
    CASE
      WHEN `judged`.`fate` IN ('added', 'changed') AND `judged`.`attempts` > 0
      THEN 1
      ELSE 0
    END AS `retried`,
    COALESCE(`judged`.`invalid`, `judged`.`rejected_as`) AS `reason`,
    `judged`.`key` AS `key`,
    `judged`.`hash` AS `hash`,
    CASE
      WHEN `judged`.`state_status` = 'unsettled'
      THEN 1
      WHEN `judged`.`state_status` = 'open'
      THEN 2
      ELSE 0
    END AS `unsettled`,
    CASE
      WHEN NOT `judged`.`present` IS NULL AND `judged`.`state_status` = 'removed'
      THEN 1
      ELSE 0
    END AS `returned`,
    CASE
      WHEN `judged`.`fate` = 'unchanged'
      THEN CAST(NULL AS STRING)
      ELSE CASE
        WHEN `judged`.`present` IS NULL
        THEN '-'
        WHEN `judged`.`new_0` IS NULL
        THEN '.'
        ELSE 's'
      END || CASE
        WHEN `judged`.`present` IS NULL
        THEN '-'
        WHEN `judged`.`new_1` IS NULL
        THEN '-'
        WHEN `judged`.`old_1` IS NULL
        THEN 's'
        WHEN `judged`.`new_1` <> `judged`.`old_1`
        THEN 'c'
        ELSE '.'
      END || CASE
        WHEN `judged`.`present` IS NULL
        THEN '-'
        WHEN `judged`.`new_2` IS NULL
        THEN '-'
        WHEN `judged`.`old_2` IS NULL
        THEN 's'
        WHEN `judged`.`new_2` <> `judged`.`old_2`
        THEN 'c'
        ELSE '.'
      END || CASE
        WHEN `judged`.`present` IS NULL
        THEN '-'
        WHEN `judged`.`new_3` IS NULL
        THEN '-'
        WHEN `judged`.`old_3` IS NULL
        THEN 's'
        WHEN `judged`.`new_3` <> `judged`.`old_3`
        THEN 'c'
        ELSE '.'
      END || CASE
        WHEN `judged`.`present` IS NULL
        THEN '-'
        WHEN `judged`.`new_4` IS NULL
        THEN '-'
        WHEN `judged`.`old_4` IS NULL
        THEN 's'
        WHEN `judged`.`new_4` <> `judged`.`old_4`
        THEN 'c'
        ELSE '.'
      END
    END AS `kinds`,
    `judged`.`new_0` AS `v_job_title`,
    COALESCE(
      `judged`.`new_1`,
      CASE
        WHEN `judged`.`state_status` IN ('unsettled', 'open') AND NOT `judged`.`old_1` IS NULL
        THEN 'qsync:unknown'
        ELSE `judged`.`old_1`
      END
    ) AS `v_last_seen_at`,
    COALESCE(
      `judged`.`new_2`,
      CASE
        WHEN `judged`.`state_status` IN ('unsettled', 'open') AND NOT `judged`.`old_2` IS NULL
        THEN 'qsync:unknown'
        ELSE `judged`.`old_2`
      END
    ) AS `v_product_score`,
    COALESCE(
      `judged`.`new_3`,
      CASE
        WHEN `judged`.`state_status` IN ('unsettled', 'open') AND NOT `judged`.`old_3` IS NULL
        THEN 'qsync:unknown'
        ELSE `judged`.`old_3`
      END
    ) AS `v_seniority`,
    COALESCE(
      `judged`.`new_4`,
      CASE
        WHEN `judged`.`state_status` IN ('unsettled', 'open') AND NOT `judged`.`old_4` IS NULL
        THEN 'qsync:unknown'
        ELSE `judged`.`old_4`
      END
    ) AS `v_source`,
    `judged`.`attempts` AS `attempts`,
    `judged`.`rejected_at` AS `rejected_at`,
    `judged`.`other_domain` AS `other_domain`
  FROM `judged`
)
SELECT
  CASE
    WHEN `op` IN ('added', 'changed')
    THEN ROW_NUMBER() OVER (
      PARTITION BY CASE WHEN `op` IN ('added', 'changed') THEN 'sent' ELSE 'not' END
      ORDER BY `key` NULLS LAST
    )
    ELSE NULL
  END AS `number`,
  `op`,
  `reason`,
  `retried`,
  `unsettled`,
  `returned`,
  `key`,
  `hash`,
  `kinds`,
  `v_job_title`,
  `v_last_seen_at`,
  `v_product_score`,
  `v_seniority`,
  `v_source`,
  `attempts`,
  `rejected_at`,
  `other_domain`
FROM `diff`
WHERE
  NOT `op` IN ('forgotten', 'unchanged', 'deferred', 'suppressed', 'gone');

-- chunk
SELECT
  `number`,
  `key`,
  `op`,
  `kinds`,
  `v_job_title`,
  `v_last_seen_at`,
  `v_product_score`,
  `v_seniority`,
  `v_source`
FROM `qsync`.`stage_r1`
WHERE
  `number` BETWEEN 1 AND 5000
ORDER BY
  `number`;

-- purge 1
DELETE FROM `qsync`.`state_people`
WHERE
  ARRAY_CONTAINS(
    (
      SELECT
        COLLECT_SET(`key_hash`)
      FROM `qsync`.`qsync_suppressed`
      WHERE
        `object` = 'lead'
    ),
    MD5(
      (
        SELECT
          `value`
        FROM `qsync`.`qsync_meta`
        WHERE
          `name` = 'secret'
      ) || ':lead:' || `key`
    )
  );

-- purge 2
DELETE FROM `qsync`.`state_people`
WHERE
  `status` = 'removed' AND `acked_at` < '2026-11-03 05:00:00';

-- purge 3
DELETE FROM `qsync`.`qsync_rejects`
WHERE
  `stream_id` = '0123456789abcdef'
  AND `last_at` < '2026-11-03 05:00:00'
  AND NOT EXISTS(
    SELECT
      1
    FROM `qsync`.`stage_r1` AS `there`
    WHERE
      `there`.`key` = `qsync_rejects`.`key` AND `there`.`op` <> 'removed'
  )
  AND NOT EXISTS(
    SELECT
      1
    FROM `qsync`.`state_people` AS `there`
    WHERE
      `there`.`key` = `qsync_rejects`.`key` AND `there`.`status` <> 'removed'
  );

-- commit 1
MERGE INTO `qsync`.`state_people` AS `kept`
USING (
  SELECT
    `key`,
    `hash` AS `row_hash`,
    CASE
      WHEN `unsettled` = 2
      THEN 'unsettled'
      WHEN `op` = 'removed'
      THEN 'removed'
      ELSE 'synced'
    END AS `status`,
    'r1' AS `run_id`,
    '2026-11-03 05:00:00' AS `acked_at`,
    `v_job_title`,
    `v_last_seen_at`,
    `v_product_score`,
    `v_seniority`,
    `v_source`
  FROM `qsync`.`stage_r1`
  WHERE
    `number` BETWEEN 1 AND 1000 AND NOT `number` IN (3)
) AS `fresh`
ON `kept`.`key` = `fresh`.`key`
WHEN MATCHED THEN UPDATE SET
  `row_hash` = `fresh`.`row_hash`,
  `status` = `fresh`.`status`,
  `run_id` = `fresh`.`run_id`,
  `acked_at` = `fresh`.`acked_at`,
  `v_job_title` = `fresh`.`v_job_title`,
  `v_last_seen_at` = `fresh`.`v_last_seen_at`,
  `v_product_score` = `fresh`.`v_product_score`,
  `v_seniority` = `fresh`.`v_seniority`,
  `v_source` = `fresh`.`v_source`
WHEN NOT MATCHED THEN INSERT (
  `key`,
  `row_hash`,
  `status`,
  `run_id`,
  `acked_at`,
  `v_job_title`,
  `v_last_seen_at`,
  `v_product_score`,
  `v_seniority`,
  `v_source`
) VALUES (
  `fresh`.`key`,
  `fresh`.`row_hash`,
  `fresh`.`status`,
  `fresh`.`run_id`,
  `fresh`.`acked_at`,
  `fresh`.`v_job_title`,
  `fresh`.`v_last_seen_at`,
  `fresh`.`v_product_score`,
  `fresh`.`v_seniority`,
  `fresh`.`v_source`
);

-- commit 2
DELETE FROM `qsync`.`qsync_rejects`
WHERE
  `stream_id` = '0123456789abcdef'
  AND `key` IN (
    SELECT
      `key`
    FROM `qsync`.`stage_r1`
    WHERE
      `number` BETWEEN 1 AND 1000 AND NOT `number` IN (3)
  );

-- commit 3
DELETE FROM `qsync`.`qsync_rejects`
WHERE
  `stream_id` = '0123456789abcdef'
  AND `key` IN (
    SELECT
      `key`
    FROM `qsync`.`stage_r1`
    WHERE
      `number` IN (3)
  );

-- commit 4
INSERT INTO `qsync`.`qsync_rejects` (
  `stream_id`,
  `key`,
  `row_hash`,
  `meaning`,
  `reason`,
  `field`,
  `attempts`,
  `run_id`,
  `first_at`,
  `last_at`
)
SELECT
  '0123456789abcdef',
  `staged`.`key`,
  `staged`.`hash`,
  '57c37cd24980',
  `said`.`reason`,
  `said`.`field`,
  CASE
    WHEN `said`.`reason` = 'batch_left'
    THEN 0
    WHEN `staged`.`reason` = COALESCE(`said`.`field`, '') || ': ' || REGEXP_REPLACE(`said`.`reason`, '[A-Za-z0-9_-]*[0-9][A-Za-z0-9_-]*', '#')
    THEN `staged`.`attempts` + 1
    ELSE 1
  END,
  'r1',
  COALESCE(`staged`.`rejected_at`, '2026-11-03 05:00:00'),
  '2026-11-03 05:00:00'
FROM `qsync`.`stage_r1` AS `staged`
JOIN VALUES
  (3, 'phone is invalid: it\'s', CAST(NULL AS STRING)) AS `said`(`row_number`, `reason`, `field`)
  ON `staged`.`number` = `said`.`row_number`
WHERE
  NOT (
    `said`.`reason` = 'batch_left' AND `staged`.`attempts` > 0
  );

-- commit 5
UPDATE `qsync`.`state_people` SET `status` = CASE WHEN `status` = 'open' THEN 'open' ELSE 'unsettled' END, `run_id` = 'r1'
WHERE
  `key` IN (
    SELECT
      `key`
    FROM `qsync`.`stage_r1`
    WHERE
      `number` BETWEEN 7 AND 9
  );

-- commit 6
INSERT INTO `qsync`.`state_people` (
  `key`,
  `row_hash`,
  `status`,
  `run_id`,
  `acked_at`
)
SELECT
  `stage_r1`.`key`,
  CAST(NULL AS STRING),
  'unsettled' AS `status`,
  'r1',
  '2026-11-03 05:00:00'
FROM `qsync`.`stage_r1`
WHERE
  `number` BETWEEN 7 AND 9
  AND NOT EXISTS(
    SELECT
      1
    FROM `qsync`.`state_people` AS `known`
    WHERE
      `known`.`key` = `stage_r1`.`key`
  );

-- commit 7
DELETE FROM `qsync`.`state_people`
WHERE
  `key` IN (
    SELECT
      `key`
    FROM `qsync`.`stage_r1`
    WHERE
      (
        `op` = 'removed' AND NOT NOT `number` IS NULL
      ) AND `unsettled` <> 0
  );

-- commit 8
UPDATE `qsync`.`state_people` SET `status` = 'removed', `run_id` = 'r1', `acked_at` = '2026-11-03 05:00:00'
WHERE
  `key` IN (
    SELECT
      `key`
    FROM `qsync`.`stage_r1`
    WHERE
      `op` = 'removed' AND NOT NOT `number` IS NULL
  );

-- commit 9
UPDATE `qsync`.`state_people` SET `status` = CASE WHEN `status` = 'open' THEN 'open' ELSE 'open' END, `run_id` = 'r1'
WHERE
  `key` IN (
    SELECT
      `key`
    FROM `qsync`.`stage_r1`
    WHERE
      (
        `number` BETWEEN 7 AND 8
      )
  )
  AND `run_id` <> 'r0'
  AND NOT `key` IN (
    SELECT
      `key`
    FROM `qsync`.`qsync_rejects`
    WHERE
      `run_id` = 'r0' AND `stream_id` = '0123456789abcdef'
  );

-- commit 10
INSERT INTO `qsync`.`state_people` (
  `key`,
  `row_hash`,
  `status`,
  `run_id`,
  `acked_at`
)
SELECT
  `stage_r1`.`key`,
  CAST(NULL AS STRING),
  'open' AS `status`,
  'r1',
  '2026-11-03 05:00:00'
FROM `qsync`.`stage_r1`
WHERE
  (
    (
      `number` BETWEEN 7 AND 8
    )
    AND NOT `key` IN (
      SELECT
        `key`
      FROM `qsync`.`state_people`
      WHERE
        `run_id` = 'r0'
    )
    AND NOT `key` IN (
      SELECT
        `key`
      FROM `qsync`.`qsync_rejects`
      WHERE
        `run_id` = 'r0' AND `stream_id` = '0123456789abcdef'
    )
  )
  AND NOT EXISTS(
    SELECT
      1
    FROM `qsync`.`state_people` AS `known`
    WHERE
      `known`.`key` = `stage_r1`.`key`
  );

-- commit 11
UPDATE `qsync`.`qsync_rejects` SET `run_id` = 'r1', `last_at` = '2026-11-03 05:00:00'
WHERE
  `stream_id` = '0123456789abcdef'
  AND `key` IN (
    SELECT
      `key`
    FROM `qsync`.`stage_r1`
    WHERE
      `number` IN (4) AND `attempts` > 0
  );

-- commit 12
DELETE FROM `qsync`.`qsync_rejects`
WHERE
  `stream_id` = '0123456789abcdef'
  AND `key` IN (
    SELECT
      `key`
    FROM `qsync`.`stage_r1`
    WHERE
      `number` BETWEEN 4 AND 5 AND NOT (
        `number` IN (4) AND `attempts` > 0
      )
  );

-- commit 13
INSERT INTO `qsync`.`qsync_rejects` (
  `stream_id`,
  `key`,
  `row_hash`,
  `meaning`,
  `reason`,
  `field`,
  `attempts`,
  `run_id`,
  `first_at`,
  `last_at`
)
SELECT
  '0123456789abcdef',
  `staged`.`key`,
  `staged`.`hash`,
  '57c37cd24980',
  `said`.`reason`,
  `said`.`field`,
  CASE
    WHEN `said`.`reason` = 'batch_left'
    THEN 0
    WHEN `staged`.`reason` = COALESCE(`said`.`field`, '') || ': ' || REGEXP_REPLACE(`said`.`reason`, '[A-Za-z0-9_-]*[0-9][A-Za-z0-9_-]*', '#')
    THEN `staged`.`attempts` + 1
    ELSE 1
  END,
  'r1',
  COALESCE(`staged`.`rejected_at`, '2026-11-03 05:00:00'),
  '2026-11-03 05:00:00'
FROM `qsync`.`stage_r1` AS `staged`
JOIN VALUES
  (4, 'batch_left', CAST(NULL AS STRING)),
  (5, 'job_title is too long', 'job_title') AS `said`(`row_number`, `reason`, `field`)
  ON `staged`.`number` = `said`.`row_number`
WHERE
  NOT (
    `said`.`reason` = 'batch_left' AND `staged`.`attempts` > 0
  );
