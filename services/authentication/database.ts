import type { ColumnType, Generated } from "kysely";

interface UsersTable {
  id: Generated<string>;
  /** As the user wrote it. */
  username: string;
  /** In lower case: what makes a username unique. */
  username_key: string;
  /** argon2id in PHC string form. */
  password_hash: string;
  created_at: Generated<Date>;
}

/** One row a login. A session that has ended takes its tokens with it. */
interface SessionsTable {
  id: Generated<string>;
  user_id: string;
  created_at: Generated<Date>;
  expires_at: Date;
  ended_at: ColumnType<Date | null, never, Date>;
}

/** Every refresh token that a session was ever given; all but the newest are used. */
interface RefreshTokensTable {
  /** SHA-256 of the token, base64url. */
  hash: string;
  session_id: string;
  used_at: ColumnType<Date | null, never, Date>;
}

/** Failed logins of one kind, counted from the start of a window. */
interface LoginFailuresTable {
  /** `account`, `source` or `pair`, with what is counted. */
  subject: string;
  failures: number;
  window_start: Date;
}

/** Sources from which an account was signed in to. */
interface KnownSourcesTable {
  username_key: string;
  source: string;
  seen_at: Date;
}

/** Buckets of the central limiter, where it has no store of its own. */
interface RateLimitsTable {
  /** Policy and client. */
  key: string;
  /** The theoretical arrival time in microseconds since 1970, by the database's clock: when the bucket is full. */
  tat: string;
}

export interface AuthenticationDatabase {
  users: UsersTable;
  sessions: SessionsTable;
  refresh_tokens: RefreshTokensTable;
  login_failures: LoginFailuresTable;
  known_sources: KnownSourcesTable;
  rate_limits: RateLimitsTable;
}
