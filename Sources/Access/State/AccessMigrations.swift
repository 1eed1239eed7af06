package import Database

package enum AccessMigrations {
    package static let all = [
        Migration(
            room: "access", number: 1, name: "principals, grants, tokens and role versions",
            statements: [
                """
                CREATE TABLE access_principal (
                    id TEXT PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL, human_id TEXT, owner_human TEXT,
                    status TEXT NOT NULL CHECK (status IN ('active', 'deactivated')), created_at BIGINT NOT NULL)
                """,
                "CREATE UNIQUE INDEX access_principal_name ON access_principal (name) WHERE status = 'active'",
                """
                CREATE TABLE access_grant (
                    id TEXT PRIMARY KEY, principal_id TEXT NOT NULL REFERENCES access_principal (id), role_id TEXT NOT NULL,
                    role_digest TEXT NOT NULL, asset_type TEXT NOT NULL, asset_id TEXT NOT NULL,
                    status TEXT NOT NULL CHECK (status IN ('active', 'revoked')), created_at BIGINT NOT NULL, ended_at BIGINT)
                """,
                """
                CREATE UNIQUE INDEX access_grant_active ON access_grant (principal_id, role_id, asset_type, asset_id)
                    WHERE status = 'active'
                """,
                """
                CREATE TABLE access_token (
                    id TEXT PRIMARY KEY, prefix TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
                    principal_id TEXT NOT NULL REFERENCES access_principal (id), owner_human TEXT, secret_hash BLOB NOT NULL,
                    created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL, revoked_at BIGINT, last_used_at BIGINT)
                """,
                "CREATE INDEX access_token_principal ON access_token (principal_id)",
                "CREATE TABLE access_role (id TEXT PRIMARY KEY, version BIGINT NOT NULL, digest TEXT NOT NULL)",
            ])
    ]
}
