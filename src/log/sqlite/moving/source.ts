/** The log of a data directory, to be copied while its server runs. */
import { existsSync } from "node:fs";
import type { Frontier } from "../../../../feeds/proof/frontier.ts";
import { Refusal } from "../../../errors.ts";
import type { MovedEvent } from "../../moving/moves.ts";
import type { CopySource } from "../../moving/source.ts";
import { type Connection, logFile, openForReading } from "../files/directory.ts";
import { ReadableLog } from "../files/medium.ts";
import { schemaFault } from "../files/schema.ts";
import { frontierOf, prepareHashes } from "../verify/stored/hashes.ts";
import { Exporter } from "./exporter.ts";

/** @throws Refusal `data-directory-unusable`, `newer-schema` */
export function openDirectorySource(directory: string): CopySource {
	if (!existsSync(logFile(directory))) {
		throw new Refusal("data-directory-unusable", { path: directory, reason: "it holds no log" });
	}
	const readable = new ReadableLog(directory);
	const fault = schemaFault(readable.file, directory);
	if (fault) {
		readable.close();
		throw fault;
	}
	return new DirectorySource(readable, openForReading(readable.file));
}

class DirectorySource implements CopySource {
	readonly #readable: ReadableLog;
	readonly #database: Connection;
	readonly #exporter: Exporter;

	constructor(readable: ReadableLog, database: Connection) {
		this.#readable = readable;
		this.#database = database;
		this.#exporter = new Exporter(database);
	}

	async end(): Promise<{ readonly size: number; readonly incarnation: number }> {
		return {
			size: Number(this.#exporter.size()),
			incarnation: this.#exporter.incarnation(),
		};
	}

	events(from: number): Promise<readonly MovedEvent[]> {
		return this.#exporter.events(from);
	}

	async frontierAt(size: number): Promise<Frontier> {
		return frontierOf(size, prepareHashes(this.#database));
	}

	async close(): Promise<void> {
		this.#exporter.close();
		this.#readable.close();
	}
}
