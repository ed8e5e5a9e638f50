# Two commands: `make run` (a sentence becomes a finished pick and place on the simulated cell) and `make test`.
# Each does all the set-up that a fresh machine needs; `make setup` alone installs and builds, and does nothing when
# all is up to date.

GOAL ?= put the red blocks in a green bowl
SEED ?= 3

# ONNX Runtime's GPU parts are downloaded on request only (docs/real-hardware.md, "GPU").
export ONNXRUNTIME_NODE_INSTALL ?= skip

NATIVE_SOURCES := CMakeLists.txt native/CMakeLists.txt $(shell find native packages/realsense/native -name '*.cpp' -o -name '*.cu' -o -name '*.hpp' -o -name '*.proto') packages/realsense/CMakeLists.txt
TS_SOURCES := tsconfig.json $(shell find src packages/realsense/src -name '*.ts' -not -path '*/gen/*' -not -path 'src/page/*')
PAGE_SOURCES := scripts/build-page.mjs src/service/api.ts $(shell find src/page -type f)

.PHONY: deb run test setup lint verify bench docs package clean sanitize test-page voice

run: setup
	@npx cliport run "$(GOAL)" --seed $(SEED)

test: setup
	@scripts/test

setup: build/.built dist/.built dist/.page-built

# System packages: installed as root, otherwise named in one line.
build/.packages: scripts/install-packages
	@mkdir -p build
	@scripts/install-packages
	@touch $@

node_modules/.installed: package.json package-lock.json .npmrc
	@echo "setup: npm packages"
	@npm ci --loglevel=error
	@touch $@

build/.built: $(NATIVE_SOURCES) build/.packages node_modules/.installed
	@echo "setup: native code"
	@scripts/build-native
	@touch $@

dist/.built: $(TS_SOURCES) native/proto/link.proto native/proto/deoxys.proto scripts/generate-proto.mjs src/control/goal/goal.peggy scripts/generate-goal.mjs scripts/goal-network.mjs node_modules/.installed build/.packages
	@echo "setup: TypeScript"
	@node scripts/generate-proto.mjs
	@node scripts/generate-goal.mjs
	@rm -rf dist
	@npx tsc -p packages/realsense
	@npx tsc -p tsconfig.json
	@chmod +x dist/cli/main.js
	@ln -sf ../../dist/cli/main.js node_modules/.bin/cliport
	@touch $@

# The browser page. A new dist has none.
dist/.page-built: $(PAGE_SOURCES) dist/.built
	@echo "setup: page"
	@node scripts/build-page.mjs
	@touch $@

lint: setup
	@npm run --silent lint

# What takes longer than a test may: sanitizers over the native tests, large evaluations. Results are committed.
verify: setup
	@scripts/verify

sanitize: setup
	@scripts/sanitize

# The page in a headless browser, on the real service and cell.
test-page: setup
	@scripts/test-page

# Spoken goals: 46 MB into models/voice (docs/voice.md). Everything else works without it.
voice: setup
	@scripts/fetch-voice

# The API reference: build/docs/index.html.
docs: setup
	@node scripts/docs.mjs

# What users of npm install: build/cliport-edge-VERSION.tgz.
package: setup
	@node scripts/package.mjs

# What a robot's computer installs: build/cliport-edge_VERSION_ARCHITECTURE.deb (docs/service.md).
deb: setup
	@node scripts/deb.mjs

bench: setup
	@benchmarks/run

clean:
	rm -rf build dist node_modules src/*/gen src/io/*/gen packages/*/build packages/*/dist
