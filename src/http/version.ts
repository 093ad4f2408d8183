/** The version of this package, from its own manifest. */
import { createRequire } from "node:module";

export const VERSION = readVersion();

function readVersion(): string {
	const manifest: { version: string } = createRequire(import.meta.url)("varve/package.json");
	return manifest.version;
}
