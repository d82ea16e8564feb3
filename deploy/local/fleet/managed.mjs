// Servers that others run: nothing is started or stopped here.
import { psql, queryRows } from "./psql.mjs";

const idle = { start: async () => {}, stop: async () => {} };

// PostgreSQL at a URL; env: the settings that name it.
export class ManagedPostgres {
  constructor(env) {
    Object.assign(this, idle, { env });
  }

  // Resolves with the rows of a query as objects.
  query(sql) {
    return queryRows(sql, (wrapped) => psql(wrapped, clientEnv(this.env.DATABASE_URL)));
  }

  get where() {
    const { hostname, port, pathname } = new URL(this.env.DATABASE_URL);
    return `${hostname}:${port || 5432}, database ${pathname.slice(1)}, managed`;
  }
}

// Kafka or Redis, which only the services talk to; where: shown to the user.
export class ManagedServer {
  constructor(env, where) {
    Object.assign(this, idle, { env, where: `${where}, managed` });
  }
}

// For psql.
function clientEnv(text) {
  const url = new URL(text);
  const parameters = Object.fromEntries([...url.searchParams].map(([name, value]) => [`PG${name.toUpperCase()}`, value]));
  const schema = parameters.PGSCHEMA && { PGOPTIONS: `-c search_path=${parameters.PGSCHEMA}` };
  return { ...parameters, ...schema, PGHOST: url.hostname, PGPORT: url.port || "5432", PGUSER: decodeURIComponent(url.username),
    PGPASSWORD: decodeURIComponent(url.password), PGDATABASE: decodeURIComponent(url.pathname.slice(1)) };
}
