-- leads
WITH "base_side" AS (
  WITH "keyed" AS (
    SELECT
      NULLIF(
        TRIM(' ␉␍␊' FROM LOWER(CAST("work_email" AS TEXT) COLLATE "C") COLLATE "default"),
        ''
      ) AS "k",
      CAST("position" AS TEXT) COLLATE "C" AS "v_job_title",
      CAST("phone" AS TEXT) COLLATE "C" AS "v_phone"
    FROM "db"."prod"."people"
    OFFSET 0
  ), "shared" AS (
    SELECT
      NULLIF(
        TRIM(' ␉␍␊' FROM LOWER(CAST("work_email" AS TEXT) COLLATE "C") COLLATE "default"),
        ''
      ) AS "shared_key"
    FROM "db"."prod"."people"
    GROUP BY
      1
    HAVING
      COUNT(*) > 1
  ), "source" AS (
    SELECT
      "keyed"."k" AS "k",
      1 AS "present",
      CASE
        WHEN "keyed"."k" IS NULL
        THEN 'null_key'
        WHEN NOT NOT "keyed"."k" ~ '[^ -~]'
        THEN 'non_ascii_key'
        WHEN NOT "keyed"."k" ~ '^[^@,;:<>()" ␉␍␊]+@([a-z0-9]([a-z0-9-]*[a-z0-9])?[.])+[a-z]([a-z0-9-]*[a-z0-9])?$'
        THEN 'malformed_key'
        WHEN NOT "shared"."shared_key" IS NULL
        THEN 'duplicate_key'
        ELSE CAST(NULL AS TEXT)
      END AS "invalid",
      MD5(
        '1.1.f10b60d1c20f' || COALESCE(CAST(LENGTH("keyed"."v_job_title") AS TEXT) || ':' || "keyed"."v_job_title", '~') || COALESCE(CAST(LENGTH("keyed"."v_phone") AS TEXT) || ':' || "keyed"."v_phone", '~')
      ) AS "h",
      "keyed"."v_job_title" AS "v_job_title",
      "keyed"."v_phone" AS "v_phone"
    FROM "keyed"
    LEFT JOIN "shared"
      ON "keyed"."k" = "shared"."shared_key"
  )
  SELECT
    "k",
    "invalid",
    "v_job_title",
    "v_phone"
  FROM "source"
  WHERE
    "invalid" IS NULL
  UNION ALL
  SELECT
    "k",
    MIN("invalid") AS "invalid",
    CAST(NULL AS TEXT) AS "v_job_title",
    CAST(NULL AS TEXT) AS "v_phone"
  FROM "source"
  WHERE
    NOT "invalid" IS NULL AND NOT "k" IS NULL
  GROUP BY
    "k"
), "head_side" AS (
  WITH "keyed" AS (
    SELECT
      NULLIF(
        TRIM(' ␉␍␊' FROM LOWER(CAST("email" AS TEXT) COLLATE "C") COLLATE "default"),
        ''
      ) AS "k",
      CAST("title" AS TEXT) COLLATE "C" AS "v_job_title",
      REPLACE(
        TO_CHAR("last_seen_at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        '.000000Z',
        'Z'
      ) AS "v_last_seen_at",
      CAST(TRIM_SCALE("product_score") AS TEXT) AS "v_product_score",
      CAST("seniority" AS TEXT) COLLATE "C" AS "v_seniority",
      CAST('warehouse' AS TEXT) AS "v_source"
    FROM "db"."prod"."people"
    OFFSET 0
  ), "shared" AS (
    SELECT
      NULLIF(
        TRIM(' ␉␍␊' FROM LOWER(CAST("email" AS TEXT) COLLATE "C") COLLATE "default"),
        ''
      ) AS "shared_key"
    FROM "db"."prod"."people"
    GROUP BY
      1
    HAVING
      COUNT(*) > 1
  ), "source" AS (
    SELECT
      "keyed"."k" AS "k",
      1 AS "present",
      CASE
        WHEN "keyed"."k" IS NULL
        THEN 'null_key'
        WHEN NOT NOT "keyed"."k" ~ '[^ -~]'
        THEN 'non_ascii_key'
        WHEN NOT "keyed"."k" ~ '^[^@,;:<>()" ␉␍␊]+@([a-z0-9]([a-z0-9-]*[a-z0-9])?[.])+[a-z]([a-z0-9-]*[a-z0-9])?$'
        THEN 'malformed_key'
        WHEN NOT "shared"."shared_key" IS NULL
        THEN 'duplicate_key'
        WHEN NOT "keyed"."v_product_score" IS NULL
        AND NOT "keyed"."v_product_score" ~ '^-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][+-]?[0-9]+)?$'
        THEN 'not_a_number:product_score'
        WHEN NOT "keyed"."v_seniority" IS NULL
        AND NOT "keyed"."v_seniority" IN ('vp', 'it''s')
        THEN 'not_an_option:seniority'
        ELSE CAST(NULL AS TEXT)
      END AS "invalid",
      MD5(
        '1.1.b95fad14efe4' || COALESCE(CAST(LENGTH("keyed"."v_job_title") AS TEXT) || ':' || "keyed"."v_job_title", '~') || COALESCE(
          CAST(LENGTH("keyed"."v_last_seen_at") AS TEXT) || ':' || "keyed"."v_last_seen_at",
          '~'
        ) || COALESCE(
          CAST(LENGTH("keyed"."v_product_score") AS TEXT) || ':' || "keyed"."v_product_score",
          '~'
        ) || COALESCE(CAST(LENGTH("keyed"."v_seniority") AS TEXT) || ':' || "keyed"."v_seniority", '~') || COALESCE(CAST(LENGTH("keyed"."v_source") AS TEXT) || ':' || "keyed"."v_source", '~')
      ) AS "h",
      "keyed"."v_job_title" AS "v_job_title",
      "keyed"."v_last_seen_at" AS "v_last_seen_at",
      "keyed"."v_product_score" AS "v_product_score",
      "keyed"."v_seniority" AS "v_seniority",
      "keyed"."v_source" AS "v_source"
    FROM "keyed"
    LEFT JOIN "shared"
      ON "keyed"."k" = "shared"."shared_key"
  )
  SELECT
    "k",
    "invalid",
    "v_job_title",
    "v_last_seen_at",
    "v_product_score",
    "v_seniority",
    "v_source"
  FROM "source"
  WHERE
    "invalid" IS NULL
  UNION ALL
  SELECT
    "k",
    MIN("invalid") AS "invalid",
    CAST(NULL AS TEXT) AS "v_job_title",
    CAST(NULL AS TEXT) AS "v_last_seen_at",
    CAST(NULL AS TEXT) AS "v_product_score",
    CAST(NULL AS TEXT) AS "v_seniority",
    CAST(NULL AS TEXT) AS "v_source"
  FROM "source"
  WHERE
    NOT "invalid" IS NULL AND NOT "k" IS NULL
  GROUP BY
    "k"
), "joined" AS (
  SELECT
    CASE
      WHEN (
        NOT "base_side"."k" IS NULL AND "base_side"."invalid" IS NULL
      )
      AND (
        NOT "head_side"."k" IS NULL AND "head_side"."invalid" IS NULL
      )
      THEN 'both'
      WHEN (
        NOT "base_side"."k" IS NULL AND "base_side"."invalid" IS NULL
      )
      AND NOT "head_side"."k" IS NULL
      THEN 'invalid'
      WHEN NOT "base_side"."k" IS NULL AND "base_side"."invalid" IS NULL
      THEN 'left'
      WHEN (
        NOT "head_side"."k" IS NULL AND "head_side"."invalid" IS NULL
      )
      AND NOT "base_side"."k" IS NULL
      THEN 'valid'
      WHEN NOT "head_side"."k" IS NULL AND "head_side"."invalid" IS NULL
      THEN 'new'
      ELSE 'neither'
    END AS "fate",
    "base_side"."invalid" AS "base_reason",
    "head_side"."invalid" AS "head_reason",
    CASE
      WHEN (
        NOT "base_side"."k" IS NULL AND "base_side"."invalid" IS NULL
      )
      AND (
        NOT "head_side"."k" IS NULL AND "head_side"."invalid" IS NULL
      )
      THEN CASE
        WHEN NOT "head_side"."v_job_title" IS NULL AND "base_side"."v_job_title" IS NULL
        THEN 's'
        WHEN NOT "head_side"."v_job_title" IS NULL
        AND "base_side"."v_job_title" = "head_side"."v_job_title"
        THEN '='
        WHEN NOT "head_side"."v_job_title" IS NULL
        THEN 'c'
        WHEN "head_side"."v_job_title" IS NULL AND 1 = 0
        THEN '.'
        WHEN "head_side"."v_job_title" IS NULL
        THEN 'x'
        WHEN (
          NOT "base_side"."v_job_title" IS NULL OR 1 = 0
        )
        THEN 'u'
        ELSE '.'
      END
      ELSE CASE
        WHEN NOT "head_side"."k" IS NULL AND "head_side"."invalid" IS NULL
        THEN CASE WHEN NOT "head_side"."v_job_title" IS NULL THEN 'v' ELSE '.' END
        ELSE '.'
      END
    END || CASE
      WHEN (
        NOT "base_side"."k" IS NULL AND "base_side"."invalid" IS NULL
      )
      AND (
        NOT "head_side"."k" IS NULL AND "head_side"."invalid" IS NULL
      )
      THEN CASE
        WHEN NOT "head_side"."v_last_seen_at" IS NULL AND CAST(NULL AS TEXT) IS NULL
        THEN 's'
        WHEN NOT "head_side"."v_last_seen_at" IS NULL
        AND CAST(NULL AS TEXT) = "head_side"."v_last_seen_at"
        THEN '='
        WHEN NOT "head_side"."v_last_seen_at" IS NULL
        THEN 'c'
        WHEN 1 = 0 AND 1 = 0
        THEN '.'
        WHEN 1 = 0
        THEN 'x'
        WHEN (
          NOT CAST(NULL AS TEXT) IS NULL OR 1 = 0
        )
        THEN 'u'
        ELSE '.'
      END
      ELSE CASE
        WHEN NOT "head_side"."k" IS NULL AND "head_side"."invalid" IS NULL
        THEN CASE WHEN NOT "head_side"."v_last_seen_at" IS NULL THEN 'v' ELSE '.' END
        ELSE '.'
      END
    END || CASE
      WHEN (
        NOT "base_side"."k" IS NULL AND "base_side"."invalid" IS NULL
      )
      AND (
        NOT "head_side"."k" IS NULL AND "head_side"."invalid" IS NULL
      )
      THEN CASE
        WHEN NOT CAST(NULL AS TEXT) IS NULL AND "base_side"."v_phone" IS NULL
        THEN 's'
        WHEN NOT CAST(NULL AS TEXT) IS NULL AND "base_side"."v_phone" = CAST(NULL AS TEXT)
        THEN '='
        WHEN NOT CAST(NULL AS TEXT) IS NULL
        THEN 'c'
        WHEN 1 = 0 AND 1 = 0
        THEN '.'
        WHEN 1 = 0
        THEN 'x'
        WHEN (
          NOT "base_side"."v_phone" IS NULL OR 1 = 0
        )
        THEN 'u'
        ELSE '.'
      END
      ELSE CASE
        WHEN NOT "head_side"."k" IS NULL AND "head_side"."invalid" IS NULL
        THEN CASE WHEN NOT CAST(NULL AS TEXT) IS NULL THEN 'v' ELSE '.' END
        ELSE '.'
      END
    END || CASE
      WHEN (
        NOT "base_side"."k" IS NULL AND "base_side"."invalid" IS NULL
      )
      AND (
        NOT "head_side"."k" IS NULL AND "head_side"."invalid" IS NULL
      )
      THEN CASE
        WHEN NOT "head_side"."v_product_score" IS NULL AND CAST(NULL AS TEXT) IS NULL
        THEN 's'
        WHEN NOT "head_side"."v_product_score" IS NULL
        AND CAST(NULL AS TEXT) = "head_side"."v_product_score"
        THEN '='
        WHEN NOT "head_side"."v_product_score" IS NULL
        THEN 'c'
        WHEN 1 = 0 AND 1 = 0
        THEN '.'
        WHEN 1 = 0
        THEN 'x'
        WHEN (
          NOT CAST(NULL AS TEXT) IS NULL OR 1 = 0
        )
        THEN 'u'
        ELSE '.'
      END
      ELSE CASE
        WHEN NOT "head_side"."k" IS NULL AND "head_side"."invalid" IS NULL
        THEN CASE WHEN NOT "head_side"."v_product_score" IS NULL THEN 'v' ELSE '.' END
        ELSE '.'
      END
    END || CASE
      WHEN (
        NOT "base_side"."k" IS NULL AND "base_side"."invalid" IS NULL
      )
      AND (
        NOT "head_side"."k" IS NULL AND "head_side"."invalid" IS NULL
      )
      THEN CASE
        WHEN NOT "head_side"."v_seniority" IS NULL AND CAST(NULL AS TEXT) IS NULL
        THEN 's'
        WHEN NOT "head_side"."v_seniority" IS NULL
        AND CAST(NULL AS TEXT) = "head_side"."v_seniority"
        THEN '='
        WHEN NOT "head_side"."v_seniority" IS NULL
        THEN 'c'
        WHEN 1 = 0 AND 1 = 0
        THEN '.'
        WHEN 1 = 0
        THEN 'x'
        WHEN (
          NOT CAST(NULL AS TEXT) IS NULL OR 1 = 0
        )
        THEN 'u'
        ELSE '.'
      END
      ELSE CASE
        WHEN NOT "head_side"."k" IS NULL AND "head_side"."invalid" IS NULL
        THEN CASE WHEN NOT "head_side"."v_seniority" IS NULL THEN 'v' ELSE '.' END
        ELSE '.'
      END
    END || CASE
      WHEN (
        NOT "base_side"."k" IS NULL AND "base_side"."invalid" IS NULL
      )
      AND (
        NOT "head_side"."k" IS NULL AND "head_side"."invalid" IS NULL
      )
      THEN CASE WHEN NOT "head_side"."v_source" IS NULL THEN '?' ELSE '.' END
      ELSE CASE
        WHEN NOT "head_side"."k" IS NULL AND "head_side"."invalid" IS NULL
        THEN CASE WHEN NOT "head_side"."v_source" IS NULL THEN 'v' ELSE '.' END
        ELSE '.'
      END
    END AS "letters"
  FROM "base_side"
  FULL OUTER JOIN "head_side"
    ON "base_side"."k" = "head_side"."k"
), "compared" AS (
  SELECT
    CASE
      WHEN "fate" = 'both' AND "letters" ~ '[scxu]'
      THEN 'differing'
      WHEN "fate" = 'both'
      THEN 'alike'
      ELSE "fate"
    END AS "fate",
    CASE
      WHEN "fate" = 'valid'
      THEN "base_reason"
      WHEN "fate" = 'invalid'
      THEN "head_reason"
      ELSE CAST(NULL AS TEXT)
    END AS "reason",
    "letters"
  FROM "joined"
)
SELECT
  "fate",
  "reason",
  COUNT(*),
  (
    SELECT
      COUNT(*)
    FROM "db"."prod"."people"
    WHERE
      NULLIF(
        TRIM(' ␉␍␊' FROM LOWER(CAST("work_email" AS TEXT) COLLATE "C") COLLATE "default"),
        ''
      ) <> NULLIF(
        TRIM(' ␉␍␊' FROM LOWER(CAST("email" AS TEXT) COLLATE "C") COLLATE "default"),
        ''
      )
  ) AS "rekeyed",
  COALESCE(
    SUM(
      CASE
        WHEN SUBSTRING("letters" FROM 1 FOR 1) IN ('s', 'c', 'v', '=', '?')
        THEN 1
        ELSE 0
      END
    ),
    0
  ) AS "f_0_0",
  COALESCE(SUM(CASE WHEN SUBSTRING("letters" FROM 1 FOR 1) IN ('s') THEN 1 ELSE 0 END), 0) AS "f_0_1",
  COALESCE(SUM(CASE WHEN SUBSTRING("letters" FROM 1 FOR 1) IN ('c') THEN 1 ELSE 0 END), 0) AS "f_0_2",
  COALESCE(SUM(CASE WHEN SUBSTRING("letters" FROM 1 FOR 1) IN ('x') THEN 1 ELSE 0 END), 0) AS "f_0_3",
  COALESCE(SUM(CASE WHEN SUBSTRING("letters" FROM 1 FOR 1) IN ('u') THEN 1 ELSE 0 END), 0) AS "f_0_4",
  COALESCE(
    SUM(
      CASE
        WHEN SUBSTRING("letters" FROM 2 FOR 1) IN ('s', 'c', 'v', '=', '?')
        THEN 1
        ELSE 0
      END
    ),
    0
  ) AS "f_1_0",
  COALESCE(SUM(CASE WHEN SUBSTRING("letters" FROM 2 FOR 1) IN ('s') THEN 1 ELSE 0 END), 0) AS "f_1_1",
  COALESCE(SUM(CASE WHEN SUBSTRING("letters" FROM 2 FOR 1) IN ('c') THEN 1 ELSE 0 END), 0) AS "f_1_2",
  COALESCE(SUM(CASE WHEN SUBSTRING("letters" FROM 2 FOR 1) IN ('x') THEN 1 ELSE 0 END), 0) AS "f_1_3",
  COALESCE(SUM(CASE WHEN SUBSTRING("letters" FROM 2 FOR 1) IN ('u') THEN 1 ELSE 0 END), 0) AS "f_1_4",
  COALESCE(
    SUM(
      CASE
        WHEN SUBSTRING("letters" FROM 3 FOR 1) IN ('s', 'c', 'v', '=', '?')
        THEN 1
        ELSE 0
      END
    ),
    0
  ) AS "f_2_0",
  COALESCE(SUM(CASE WHEN SUBSTRING("letters" FROM 3 FOR 1) IN ('s') THEN 1 ELSE 0 END), 0) AS "f_2_1",
  COALESCE(SUM(CASE WHEN SUBSTRING("letters" FROM 3 FOR 1) IN ('c') THEN 1 ELSE 0 END), 0) AS "f_2_2",
  COALESCE(SUM(CASE WHEN SUBSTRING("letters" FROM 3 FOR 1) IN ('x') THEN 1 ELSE 0 END), 0) AS "f_2_3",
  COALESCE(SUM(CASE WHEN SUBSTRING("letters" FROM 3 FOR 1) IN ('u') THEN 1 ELSE 0 END), 0) AS "f_2_4",
  COALESCE(
    SUM(
      CASE
        WHEN SUBSTRING("letters" FROM 4 FOR 1) IN ('s', 'c', 'v', '=', '?')
        THEN 1
        ELSE 0
      END
    ),
    0
  ) AS "f_3_0",
  COALESCE(SUM(CASE WHEN SUBSTRING("letters" FROM 4 FOR 1) IN ('s') THEN 1 ELSE 0 END), 0) AS "f_3_1",
  COALESCE(SUM(CASE WHEN SUBSTRING("letters" FROM 4 FOR 1) IN ('c') THEN 1 ELSE 0 END), 0) AS "f_3_2",
  COALESCE(SUM(CASE WHEN SUBSTRING("letters" FROM 4 FOR 1) IN ('x') THEN 1 ELSE 0 END), 0) AS "f_3_3",
  COALESCE(SUM(CASE WHEN SUBSTRING("letters" FROM 4 FOR 1) IN ('u') THEN 1 ELSE 0 END), 0) AS "f_3_4",
  COALESCE(
    SUM(
      CASE
        WHEN SUBSTRING("letters" FROM 5 FOR 1) IN ('s', 'c', 'v', '=', '?')
        THEN 1
        ELSE 0
      END
    ),
    0
  ) AS "f_4_0",
  COALESCE(SUM(CASE WHEN SUBSTRING("letters" FROM 5 FOR 1) IN ('s') THEN 1 ELSE 0 END), 0) AS "f_4_1",
  COALESCE(SUM(CASE WHEN SUBSTRING("letters" FROM 5 FOR 1) IN ('c') THEN 1 ELSE 0 END), 0) AS "f_4_2",
  COALESCE(SUM(CASE WHEN SUBSTRING("letters" FROM 5 FOR 1) IN ('x') THEN 1 ELSE 0 END), 0) AS "f_4_3",
  COALESCE(SUM(CASE WHEN SUBSTRING("letters" FROM 5 FOR 1) IN ('u') THEN 1 ELSE 0 END), 0) AS "f_4_4",
  COALESCE(
    SUM(
      CASE
        WHEN SUBSTRING("letters" FROM 6 FOR 1) IN ('s', 'c', 'v', '=', '?')
        THEN 1
        ELSE 0
      END
    ),
    0
  ) AS "f_5_0",
  COALESCE(SUM(CASE WHEN SUBSTRING("letters" FROM 6 FOR 1) IN ('s') THEN 1 ELSE 0 END), 0) AS "f_5_1",
  COALESCE(SUM(CASE WHEN SUBSTRING("letters" FROM 6 FOR 1) IN ('c') THEN 1 ELSE 0 END), 0) AS "f_5_2",
  COALESCE(SUM(CASE WHEN SUBSTRING("letters" FROM 6 FOR 1) IN ('x') THEN 1 ELSE 0 END), 0) AS "f_5_3",
  COALESCE(SUM(CASE WHEN SUBSTRING("letters" FROM 6 FOR 1) IN ('u') THEN 1 ELSE 0 END), 0) AS "f_5_4"
FROM "compared"
GROUP BY
  "fate",
  "reason";

-- companies
WITH "base_side" AS (
  WITH "keyed" AS (
    SELECT
      NULLIF(
        REGEXP_REPLACE(
          REGEXP_REPLACE(
            REGEXP_REPLACE(
              REGEXP_REPLACE(
                TRIM(' ␉␍␊' FROM LOWER(CAST("company_domain" AS TEXT) COLLATE "C") COLLATE "default"),
                '^[a-z][a-z0-9+.-]*://',
                '',
                'g'
              ),
              '[/?#]([^/]|/)*$',
              '',
              'g'
            ),
            '([ ␉␍␊.]|:[0-9]*)+$',
            '',
            'g'
          ),
          '^([ ␉␍␊]|www[.])+',
          '',
          'g'
        ),
        ''
      ) AS "k",
      CAST("employees" AS TEXT) AS "v_employees"
    FROM "db"."prod"."people"
    WHERE
      NOT NULLIF(
        REGEXP_REPLACE(
          REGEXP_REPLACE(
            REGEXP_REPLACE(
              REGEXP_REPLACE(
                TRIM(' ␉␍␊' FROM LOWER(CAST("company_domain" AS TEXT) COLLATE "C") COLLATE "default"),
                '^[a-z][a-z0-9+.-]*://',
                '',
                'g'
              ),
              '[/?#]([^/]|/)*$',
              '',
              'g'
            ),
            '([ ␉␍␊.]|:[0-9]*)+$',
            '',
            'g'
          ),
          '^([ ␉␍␊]|www[.])+',
          '',
          'g'
        ),
        ''
      ) IS NULL
    OFFSET 0
  ), "grouped" AS (
    SELECT
      "k",
      CASE
        WHEN MIN("v_employees") = MAX("v_employees")
        THEN MIN("v_employees")
        ELSE CAST(NULL AS TEXT)
      END AS "v_employees",
      CASE WHEN MIN("v_employees") <> MAX("v_employees") THEN 1 ELSE 0 END AS "n_0"
    FROM "keyed"
    GROUP BY
      "k"
  ), "source" AS (
    SELECT
      "grouped"."k" AS "k",
      1 AS "present",
      CASE
        WHEN "grouped"."k" IS NULL
        THEN 'null_key'
        WHEN NOT NOT "grouped"."k" ~ '[^ -~]'
        THEN 'non_ascii_key'
        WHEN NOT "grouped"."k" ~ '^([a-z0-9]([a-z0-9-]*[a-z0-9])?[.])+[a-z]([a-z0-9-]*[a-z0-9])?$'
        THEN 'malformed_key'
        WHEN "grouped"."k" IN (
          '126.com',
          '139.com',
          '163.com',
          'aim.com',
          'aol.com',
          'att.net',
          'bellsouth.net',
          'bigpond.com',
          'bk.ru',
          'bluewin.ch',
          'btinternet.com',
          'charter.net',
          'comcast.net',
          'cox.net',
          'daum.net',
          'duck.com',
          'earthlink.net',
          'fastmail.com',
          'fastmail.fm',
          'free.fr',
          'freenet.de',
          'gmail.com',
          'gmx.at',
          'gmx.ch',
          'gmx.com',
          'gmx.de',
          'gmx.fr',
          'gmx.net',
          'googlemail.com',
          'hanmail.net',
          'hey.com',
          'hotmail.co.uk',
          'hotmail.com',
          'hotmail.de',
          'hotmail.es',
          'hotmail.fr',
          'hotmail.it',
          'hushmail.com',
          'icloud.com',
          'inbox.lv',
          'inbox.ru',
          'juno.com',
          'laposte.net',
          'libero.it',
          'list.ru',
          'live.co.uk',
          'live.com',
          'live.fr',
          'live.nl',
          'mac.com',
          'mail.com',
          'mail.ru',
          'me.com',
          'msn.com',
          'mweb.co.za',
          'naver.com',
          'ntlworld.com',
          'optonline.net',
          'orange.fr',
          'outlook.com',
          'outlook.de',
          'outlook.es',
          'outlook.fr',
          'pm.me',
          'posteo.de',
          'proton.me',
          'protonmail.ch',
          'protonmail.com',
          'qq.com',
          'rambler.ru',
          'rediffmail.com',
          'rocketmail.com',
          'sbcglobal.net',
          'seznam.cz',
          'sfr.fr',
          'shaw.ca',
          'sina.com',
          'sky.com',
          't-online.de',
          'telenet.be',
          'terra.com.br',
          'tiscali.it',
          'tutanota.com',
          'uol.com.br',
          'verizon.net',
          'virgilio.it',
          'wanadoo.fr',
          'web.de',
          'wp.pl',
          'xtra.co.nz',
          'ya.ru',
          'yahoo.ca',
          'yahoo.co.in',
          'yahoo.co.jp',
          'yahoo.co.uk',
          'yahoo.com',
          'yahoo.com.au',
          'yahoo.com.br',
          'yahoo.de',
          'yahoo.es',
          'yahoo.fr',
          'yahoo.in',
          'yahoo.it',
          'yandex.com',
          'yandex.ru',
          'ymail.com',
          'zoho.com',
          'zohomail.com'
        )
        THEN 'free_mail'
        ELSE CAST(NULL AS TEXT)
      END AS "invalid",
      MD5(
        '1.1.a62348961713' || COALESCE(
          CAST(LENGTH("grouped"."v_employees") AS TEXT) || ':' || "grouped"."v_employees",
          CASE WHEN "grouped"."n_0" = 1 THEN '!' ELSE '~' END
        )
      ) AS "h",
      "grouped"."v_employees" AS "v_employees",
      "grouped"."n_0"
    FROM "grouped"
  )
  SELECT
    "k",
    "invalid",
    "v_employees",
    "n_0"
  FROM "source"
), "head_side" AS (
  WITH "keyed" AS (
    SELECT
      NULLIF(
        REGEXP_REPLACE(
          REGEXP_REPLACE(
            REGEXP_REPLACE(
              REGEXP_REPLACE(
                TRIM(' ␉␍␊' FROM LOWER(CAST("company_domain" AS TEXT) COLLATE "C") COLLATE "default"),
                '^[a-z][a-z0-9+.-]*://',
                '',
                'g'
              ),
              '[/?#]([^/]|/)*$',
              '',
              'g'
            ),
            '([ ␉␍␊.]|:[0-9]*)+$',
            '',
            'g'
          ),
          '^([ ␉␍␊]|www[.])+',
          '',
          'g'
        ),
        ''
      ) AS "k",
      CAST("employees" AS TEXT) AS "v_employees",
      CAST(ARRAY_TO_JSON("segments") AS TEXT) AS "v_segments"
    FROM "db"."prod"."people"
    WHERE
      NOT NULLIF(
        REGEXP_REPLACE(
          REGEXP_REPLACE(
            REGEXP_REPLACE(
              REGEXP_REPLACE(
                TRIM(' ␉␍␊' FROM LOWER(CAST("company_domain" AS TEXT) COLLATE "C") COLLATE "default"),
                '^[a-z][a-z0-9+.-]*://',
                '',
                'g'
              ),
              '[/?#]([^/]|/)*$',
              '',
              'g'
            ),
            '([ ␉␍␊.]|:[0-9]*)+$',
            '',
            'g'
          ),
          '^([ ␉␍␊]|www[.])+',
          '',
          'g'
        ),
        ''
      ) IS NULL
    OFFSET 0
  ), "grouped" AS (
    SELECT
      "k",
      CASE
        WHEN MIN("v_employees") = MAX("v_employees")
        THEN MIN("v_employees")
        ELSE CAST(NULL AS TEXT)
      END AS "v_employees",
      CASE WHEN MIN("v_employees") <> MAX("v_employees") THEN 1 ELSE 0 END AS "n_0",
      CASE
        WHEN MIN("v_segments") = MAX("v_segments")
        THEN MIN("v_segments")
        ELSE CAST(NULL AS TEXT)
      END AS "v_segments",
      CASE WHEN MIN("v_segments") <> MAX("v_segments") THEN 1 ELSE 0 END AS "n_1"
    FROM "keyed"
    GROUP BY
      "k"
  ), "source" AS (
    SELECT
      "grouped"."k" AS "k",
      1 AS "present",
      CASE
        WHEN "grouped"."k" IS NULL
        THEN 'null_key'
        WHEN NOT NOT "grouped"."k" ~ '[^ -~]'
        THEN 'non_ascii_key'
        WHEN NOT "grouped"."k" ~ '^([a-z0-9]([a-z0-9-]*[a-z0-9])?[.])+[a-z]([a-z0-9-]*[a-z0-9])?$'
        THEN 'malformed_key'
        WHEN "grouped"."k" IN (
          '126.com',
          '139.com',
          '163.com',
          'aim.com',
          'aol.com',
          'att.net',
          'bellsouth.net',
          'bigpond.com',
          'bk.ru',
          'bluewin.ch',
          'btinternet.com',
          'charter.net',
          'comcast.net',
          'cox.net',
          'daum.net',
          'duck.com',
          'earthlink.net',
          'fastmail.com',
          'fastmail.fm',
          'free.fr',
          'freenet.de',
          'gmail.com',
          'gmx.at',
          'gmx.ch',
          'gmx.com',
          'gmx.de',
          'gmx.fr',
          'gmx.net',
          'googlemail.com',
          'hanmail.net',
          'hey.com',
          'hotmail.co.uk',
          'hotmail.com',
          'hotmail.de',
          'hotmail.es',
          'hotmail.fr',
          'hotmail.it',
          'hushmail.com',
          'icloud.com',
          'inbox.lv',
          'inbox.ru',
          'juno.com',
          'laposte.net',
          'libero.it',
          'list.ru',
          'live.co.uk',
          'live.com',
          'live.fr',
          'live.nl',
          'mac.com',
          'mail.com',
          'mail.ru',
          'me.com',
          'msn.com',
          'mweb.co.za',
          'naver.com',
          'ntlworld.com',
          'optonline.net',
          'orange.fr',
          'outlook.com',
          'outlook.de',
          'outlook.es',
          'outlook.fr',
          'pm.me',
          'posteo.de',
          'proton.me',
          'protonmail.ch',
          'protonmail.com',
          'qq.com',
          'rambler.ru',
          'rediffmail.com',
          'rocketmail.com',
          'sbcglobal.net',
          'seznam.cz',
          'sfr.fr',
          'shaw.ca',
          'sina.com',
          'sky.com',
          't-online.de',
          'telenet.be',
          'terra.com.br',
          'tiscali.it',
          'tutanota.com',
          'uol.com.br',
          'verizon.net',
          'virgilio.it',
          'wanadoo.fr',
          'web.de',
          'wp.pl',
          'xtra.co.nz',
          'ya.ru',
          'yahoo.ca',
          'yahoo.co.in',
          'yahoo.co.jp',
          'yahoo.co.uk',
          'yahoo.com',
          'yahoo.com.au',
          'yahoo.com.br',
          'yahoo.de',
          'yahoo.es',
          'yahoo.fr',
          'yahoo.in',
          'yahoo.it',
          'yandex.com',
          'yandex.ru',
          'ymail.com',
          'zoho.com',
          'zohomail.com'
        )
        THEN 'free_mail'
        WHEN NOT "grouped"."v_employees" IS NULL
        AND NOT "grouped"."v_employees" ~ '^-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][+-]?[0-9]+)?$'
        THEN 'not_a_number:employees'
        WHEN NOT "grouped"."v_segments" IS NULL
        AND NOT "grouped"."v_segments" ~ '^[[](("a"|"b")(,("a"|"b"))*)?[]]$'
        THEN 'not_among_options:segments'
        ELSE CAST(NULL AS TEXT)
      END AS "invalid",
      MD5(
        '1.1.0c5b11f7187b' || COALESCE(
          CAST(LENGTH("grouped"."v_employees") AS TEXT) || ':' || "grouped"."v_employees",
          CASE WHEN "grouped"."n_0" = 1 THEN '!' ELSE '~' END
        ) || COALESCE(
          CAST(LENGTH("grouped"."v_segments") AS TEXT) || ':' || "grouped"."v_segments",
          CASE WHEN "grouped"."n_1" = 1 THEN '!' ELSE '~' END
        )
      ) AS "h",
      "grouped"."v_employees" AS "v_employees",
      "grouped"."v_segments" AS "v_segments",
      "grouped"."n_0",
      "grouped"."n_1"
    FROM "grouped"
  )
  SELECT
    "k",
    "invalid",
    "v_employees",
    "v_segments",
    "n_0",
    "n_1"
  FROM "source"
), "joined" AS (
  SELECT
    CASE
      WHEN (
        NOT "base_side"."k" IS NULL AND "base_side"."invalid" IS NULL
      )
      AND (
        NOT "head_side"."k" IS NULL AND "head_side"."invalid" IS NULL
      )
      THEN 'both'
      WHEN (
        NOT "base_side"."k" IS NULL AND "base_side"."invalid" IS NULL
      )
      AND NOT "head_side"."k" IS NULL
      THEN 'invalid'
      WHEN NOT "base_side"."k" IS NULL AND "base_side"."invalid" IS NULL
      THEN 'left'
      WHEN (
        NOT "head_side"."k" IS NULL AND "head_side"."invalid" IS NULL
      )
      AND NOT "base_side"."k" IS NULL
      THEN 'valid'
      WHEN NOT "head_side"."k" IS NULL AND "head_side"."invalid" IS NULL
      THEN 'new'
      ELSE 'neither'
    END AS "fate",
    "base_side"."invalid" AS "base_reason",
    "head_side"."invalid" AS "head_reason",
    CASE
      WHEN (
        NOT "base_side"."k" IS NULL AND "base_side"."invalid" IS NULL
      )
      AND (
        NOT "head_side"."k" IS NULL AND "head_side"."invalid" IS NULL
      )
      THEN CASE
        WHEN NOT "head_side"."v_employees" IS NULL AND "base_side"."v_employees" IS NULL
        THEN 's'
        WHEN NOT "head_side"."v_employees" IS NULL AND 1 = 0
        THEN '='
        WHEN NOT "head_side"."v_employees" IS NULL
        THEN 'c'
        WHEN 1 = 0 AND (
          "base_side"."v_employees" IS NULL AND "base_side"."n_0" = 0
        )
        THEN '.'
        WHEN 1 = 0
        THEN 'x'
        WHEN (
          NOT "base_side"."v_employees" IS NULL
          OR (
            "base_side"."v_employees" IS NULL AND "base_side"."n_0" = 0
          )
        )
        THEN 'u'
        ELSE '.'
      END
      ELSE CASE
        WHEN NOT "head_side"."k" IS NULL AND "head_side"."invalid" IS NULL
        THEN CASE WHEN NOT "head_side"."v_employees" IS NULL THEN 'v' ELSE '.' END
        ELSE '.'
      END
    END || CASE
      WHEN (
        NOT "base_side"."k" IS NULL AND "base_side"."invalid" IS NULL
      )
      AND (
        NOT "head_side"."k" IS NULL AND "head_side"."invalid" IS NULL
      )
      THEN CASE
        WHEN NOT "head_side"."v_segments" IS NULL AND CAST(NULL AS TEXT) IS NULL
        THEN 's'
        WHEN NOT "head_side"."v_segments" IS NULL
        AND CAST(NULL AS TEXT) = "head_side"."v_segments"
        THEN '='
        WHEN NOT "head_side"."v_segments" IS NULL
        THEN 'c'
        WHEN 1 = 0 AND 1 = 0
        THEN '.'
        WHEN 1 = 0
        THEN 'x'
        WHEN (
          NOT CAST(NULL AS TEXT) IS NULL OR 1 = 0
        )
        THEN 'u'
        ELSE '.'
      END
      ELSE CASE
        WHEN NOT "head_side"."k" IS NULL AND "head_side"."invalid" IS NULL
        THEN CASE WHEN NOT "head_side"."v_segments" IS NULL THEN 'v' ELSE '.' END
        ELSE '.'
      END
    END AS "letters"
  FROM "base_side"
  FULL OUTER JOIN "head_side"
    ON "base_side"."k" = "head_side"."k"
), "compared" AS (
  SELECT
    CASE
      WHEN "fate" = 'both' AND "letters" ~ '[scxu]'
      THEN 'differing'
      WHEN "fate" = 'both'
      THEN 'alike'
      ELSE "fate"
    END AS "fate",
    CASE
      WHEN "fate" = 'valid'
      THEN "base_reason"
      WHEN "fate" = 'invalid'
      THEN "head_reason"
      ELSE CAST(NULL AS TEXT)
    END AS "reason",
    "letters"
  FROM "joined"
)
SELECT
  "fate",
  "reason",
  COUNT(*),
  0 AS "rekeyed",
  COALESCE(
    SUM(
      CASE
        WHEN SUBSTRING("letters" FROM 1 FOR 1) IN ('s', 'c', 'v', '=', '?')
        THEN 1
        ELSE 0
      END
    ),
    0
  ) AS "f_0_0",
  COALESCE(SUM(CASE WHEN SUBSTRING("letters" FROM 1 FOR 1) IN ('s') THEN 1 ELSE 0 END), 0) AS "f_0_1",
  COALESCE(SUM(CASE WHEN SUBSTRING("letters" FROM 1 FOR 1) IN ('c') THEN 1 ELSE 0 END), 0) AS "f_0_2",
  COALESCE(SUM(CASE WHEN SUBSTRING("letters" FROM 1 FOR 1) IN ('x') THEN 1 ELSE 0 END), 0) AS "f_0_3",
  COALESCE(SUM(CASE WHEN SUBSTRING("letters" FROM 1 FOR 1) IN ('u') THEN 1 ELSE 0 END), 0) AS "f_0_4",
  COALESCE(
    SUM(
      CASE
        WHEN SUBSTRING("letters" FROM 2 FOR 1) IN ('s', 'c', 'v', '=', '?')
        THEN 1
        ELSE 0
      END
    ),
    0
  ) AS "f_1_0",
  COALESCE(SUM(CASE WHEN SUBSTRING("letters" FROM 2 FOR 1) IN ('s') THEN 1 ELSE 0 END), 0) AS "f_1_1",
  COALESCE(SUM(CASE WHEN SUBSTRING("letters" FROM 2 FOR 1) IN ('c') THEN 1 ELSE 0 END), 0) AS "f_1_2",
  COALESCE(SUM(CASE WHEN SUBSTRING("letters" FROM 2 FOR 1) IN ('x') THEN 1 ELSE 0 END), 0) AS "f_1_3",
  COALESCE(SUM(CASE WHEN SUBSTRING("letters" FROM 2 FOR 1) IN ('u') THEN 1 ELSE 0 END), 0) AS "f_1_4"
FROM "compared"
GROUP BY
  "fate",
  "reason";
