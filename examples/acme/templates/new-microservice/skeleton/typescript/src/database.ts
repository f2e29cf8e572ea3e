import pg from 'pg';

export interface Database {
  ping(): Promise<void>;
  end(): Promise<void>;
}

/** The platform sets DATABASE_URL where the service has a database. */
export function openDatabase(url: string | undefined): Database | undefined {
  if (!url) return undefined;
  const pool = new pg.Pool({ connectionString: url, max: 5, connectionTimeoutMillis: 2000 });
  pool.on('error', (error) => console.error('database:', error.message));
  return {
    ping: async () => void (await pool.query('select 1')),
    end: () => pool.end(),
  };
}
