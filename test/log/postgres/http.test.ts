/**
 * Some of the HTTP tests once more, over PostgreSQL: appends. All of them run so with
 * VARVE_TEST_STORE=postgres://…; those that look into the files of SQLite fail then.
 */
import { removeDatabase } from "./over.ts";
import { POSTGRES_BIN } from "./server.ts";

if (POSTGRES_BIN === undefined) {
	test.skip("HTTP over PostgreSQL (it is not installed: apt-get install postgresql)", () => {});
} else {
	await import("../../http/append.test.ts");
	afterAll(removeDatabase);
}
