/**
 * A network between a node and its database: a hop of TCP that passes bytes on until it goes
 * silent. Then neither side hears anything of the other, not even that a connection has ended; new
 * connections are taken, and nothing answers on them.
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** A simple query, in the protocol of PostgreSQL. */
const SIMPLE_COMMIT = "Q\0\0\0\x0bCOMMIT\0";

type Way = { readonly from: Socket; readonly to: Socket; readonly isAsking: boolean };

export class Hop {
	readonly #server: Server;
	#ways: Way[] = [];
	#isSilent = false;
	#until: string | undefined;
	#told: (() => void) | undefined;

	private constructor(server: Server) {
		this.#server = server;
	}

	/** @param port of the database, on this machine */
	static async to(port: number): Promise<Hop> {
		const server = createServer({ allowHalfOpen: true });
		const hop = new Hop(server);
		server.on("connection", (client) => hop.#join(client, connect(port, "127.0.0.1")));
		server.listen(0, "127.0.0.1");
		await once(server, "listening");
		return hop;
	}

	store(schema: string): string {
		const { port } = this.#server.address() as AddressInfo;
		return `postgres://postgres@127.0.0.1:${port}/postgres?schema=${schema}`;
	}

	silence(): void {
		this.#isSilent = true;
		for (const { from } of this.#ways) from.pause();
	}

	/** Passes on the next COMMIT that is a question of its own, and nothing more. */
	silenceAfterCommit(): Promise<void> {
		this.#until = SIMPLE_COMMIT;
		return new Promise((resolve) => {
			this.#told = resolve;
		});
	}

	/** Passes questions on, and no answer. */
	deafen(): void {
		for (const { from, isAsking } of this.#ways) if (!isAsking) from.pause();
	}

	/** Passes everything on again, what was held back as well. */
	speak(): void {
		this.#isSilent = false;
		for (const { from } of this.#ways) from.resume();
	}

	close(): void {
		this.#server.close();
		for (const { from } of this.#ways) from.destroy();
	}

	#join(client: Socket, database: Socket): void {
		this.#pass({ from: client, to: database, isAsking: true });
		this.#pass({ from: database, to: client, isAsking: false });
	}

	#pass(way: Way): void {
		const { from, to, isAsking } = way;
		this.#ways.push(way);
		from.on("error", () => to.destroy());
		from.on("data", (bytes) => {
			to.write(bytes);
			if (!isAsking || this.#until === undefined || !bytes.includes(this.#until)) return;
			this.#until = undefined;
			this.silence();
			this.#told?.();
		});
		from.on("end", () => to.end());
		from.on("close", () => {
			this.#ways = this.#ways.filter((one) => one !== way);
			if (!this.#isSilent) to.destroy();
		});
		if (this.#isSilent) from.pause();
	}
}
