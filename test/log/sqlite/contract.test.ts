import { openSqliteLog } from "../../../src/log/sqlite/log.ts";
import { contract } from "../contract.ts";
import { newDirectory } from "./directory.ts";

describe("the SQLite log", () => {
	contract((limits, clock) => openSqliteLog(newDirectory(), limits, { clock }));
});
