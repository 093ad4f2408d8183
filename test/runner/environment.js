/** The surroundings of a file of tests, with a way out of them for what `product.js` wrote. */
import { TestEnvironment } from "jest-environment-node";

/** Classes that Jest's context has of its own: a test gets the product's, for `instanceof` in both. */
const SHARED = ["Error", "RangeError", "SyntaxError", "TypeError", "Date", "Map", "Set"];

export default class extends TestEnvironment {
	async setup() {
		await super.setup();
		this.global[Symbol.for("varve.product")] = (url) => import(url);
		for (const name of SHARED) this.global[name] = globalThis[name];
	}
}
