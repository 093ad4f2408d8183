/** The source of a proof: the tree of a log, from a server or from a directory. */
import { type Tile, tilePath } from "../../../feeds/proof/tiles.ts";
import { Failure } from "../explain.ts";

export type LogSource = {
	/** A signed checkpoint of the present log. */
	checkpoint(): Promise<string>;
	/** The key that signs checkpoints, according to the source. */
	key(): Promise<string>;
	tile(tile: Tile): Promise<Uint8Array>;
	close(): void;
};

/** @param url the server's, with or without a slash at the end */
export function serverSource(url: string, headers: Readonly<Record<string, string>>): LogSource {
	const base = `${url.replace(/\/+$/, "")}/log`;
	const get = async (path: string) => {
		const answer = await fetch(`${base}/${path}`, { headers });
		if (answer.ok) return new Uint8Array(await answer.arrayBuffer());
		throw new Failure(`${base}/${path} answered ${answer.status} ${answer.statusText}`);
	};
	const text = async (path: string) => new TextDecoder().decode(await get(path));
	return {
		checkpoint: () => text("checkpoint"),
		key: async () => (await text("key")).trim(),
		tile: (tile) => get(`tile/${tilePath(tile)}`),
		close: () => {},
	};
}
