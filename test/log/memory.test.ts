import { createMemoryLog } from "../../src/log/memory.ts";
import { contract } from "./contract.ts";

describe("the memory log", () => {
	contract(async (limits, clock) => createMemoryLog(limits, clock));
});
