/** Dependencies point one way: entries to features to protocol to port. Each rule says what it protects. */
module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'protocol-is-pure',
      comment:
        'The protocol knows the port, its records and its errors; no DynamoDB, no HTTP, no clock (of sleep.ts the type).',
      severity: 'error',
      from: { path: '^lib/idempotency/(protocol|record|commit|single-write)\\.ts$' },
      to: {
        pathNot:
          '^lib/(idempotency/(record|errors|protocol|commit|sleep)|stores/(idempotency|transactional)-store)\\.ts$',
      },
    },
    {
      name: 'stores-know-only-the-port',
      comment: 'A store decides nothing: it may throw the errors, and never call the protocol.',
      severity: 'error',
      from: { path: '^lib/stores/' },
      to: { path: '^lib/', pathNot: '^lib/(stores/|idempotency/errors\\.ts$)' },
    },
    {
      name: 'http-knows-no-protocol',
      severity: 'error',
      from: { path: '^lib/http/' },
      to: {
        path: '^lib/',
        pathNot: '^lib/(http/|idempotency/(errors|fingerprint)\\.ts$|stores/idempotency-store\\.ts$)',
      },
    },
    {
      name: 'cdk-stays-out-of-the-library',
      comment: 'Only bin/ and the ./cdk entry import constructs; a Lambda bundle must never see them.',
      severity: 'error',
      from: { path: '^(lib|functions)/', pathNot: '^lib/cdk/' },
      to: { path: '(^lib/cdk/|^node_modules/(aws-cdk-lib|constructs|cdk-nag)/)' },
    },
    {
      name: 'jmespath-stays-out-of-the-library',
      comment: 'An optional peer: only those who import ./jmespath have it installed.',
      severity: 'error',
      from: { path: '^lib/', pathNot: '^lib/jmespath/' },
      to: { path: '(^lib/jmespath/|^node_modules/@aws-lambda-powertools/jmespath/)' },
    },
    {
      name: 'valkey-stays-out-of-the-library',
      comment: 'A store of its own entry. It knows the port and brings no client.',
      severity: 'error',
      from: { path: '^(lib|functions)/', pathNot: '^lib/(valkey|local)/' },
      to: { path: '^lib/valkey/' },
    },
    {
      name: 'valkey-knows-only-the-port',
      severity: 'error',
      from: { path: '^lib/valkey/' },
      to: {
        pathNot:
          '^lib/(valkey/|idempotency/(errors|back-off)\\.ts$|stores/(idempotency-store|compressed-json|item-size|result-size)\\.ts$)',
        dependencyTypesNot: ['core'],
      },
    },
    {
      name: 'lean-stays-out-of-the-library',
      comment:
        'A store of its own entry, and two optional peers: only those who import ./lean have them installed.',
      severity: 'error',
      from: { path: '^(lib|functions)/', pathNot: '^lib/lean/' },
      to: { path: '(^lib/lean/|^node_modules/(aws4|@smithy/core)/)' },
    },
    {
      name: 'lean-brings-no-sdk',
      comment:
        'What it is for. Types alone may come from there; test/unit/bundles/bundle.test.ts looks at the bundle.',
      severity: 'error',
      from: { path: '^lib/lean/' },
      to: {
        path: '^(lib/stores/(sdk-dynamodb-api|dynamodb-store)\\.ts$|node_modules/@aws-sdk/)',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'powertools-stays-out-of-the-library',
      comment: 'An optional peer: only those who import ./powertools have it installed.',
      severity: 'error',
      from: { path: '^(lib|functions)/', pathNot: '^(lib/|functions/beside-)powertools/' },
      to: { path: '(^lib/powertools/|^node_modules/@aws-lambda-powertools/idempotency/)' },
    },
    {
      name: 'observability-knows-events-alone',
      comment:
        'Listeners know what they are told, and metrics, loggers and tracers by their shape: nothing to install.',
      severity: 'error',
      from: { path: '^lib/observability/' },
      to: { pathNot: '^lib/(observability/|idempotency/events\\.ts$)' },
    },
    {
      name: 'nothing-observes-by-itself',
      comment:
        'Whoever wants a listener imports ./observability; the constructs share the names of the metrics with it.',
      severity: 'error',
      from: { path: '^lib/', pathNot: '^lib/(observability|cdk)/' },
      to: { path: '^lib/observability/' },
    },
    {
      name: 'constructs-share-names-alone',
      severity: 'error',
      from: { path: '^lib/cdk/' },
      to: { path: '^lib/observability/', pathNot: '^lib/observability/metric-definitions\\.ts$' },
    },
    {
      name: 'client-stands-alone',
      comment:
        "The caller's half goes into browsers: nothing of the server's half, of Node.js or of AWS may follow it.",
      severity: 'error',
      from: { path: '^lib/client/', pathNot: '^lib/client/node/' },
      to: { pathNot: '^(lib/client/(?!node/)|node_modules/idb-keyval/)' },
    },
    {
      name: 'client-files-know-node-alone',
      severity: 'error',
      from: { path: '^lib/client/node/' },
      to: { pathNot: '^lib/client/', dependencyTypesNot: ['core'] },
    },
    {
      name: 'server-does-not-know-the-client',
      comment: 'The page of the local run is a client itself.',
      severity: 'error',
      from: { path: '^(lib|functions)/', pathNot: '^lib/(client|local/playground/page)/' },
      to: { path: '^lib/client/' },
    },
    {
      name: 'locks-know-no-protocol',
      comment: 'Locks share leases, errors and the form of items with idempotency, and nothing of its flow.',
      severity: 'error',
      from: { path: '^lib/locks/' },
      to: {
        path: '^lib/',
        pathNot:
          '^lib/(locks/|idempotency/(errors|events|back-off|sleep|lease-watch|fingerprint|outcome-unknown|record)\\.ts$|stores/(dynamodb-record|dynamodb-store|reply-error)\\.ts$)',
      },
    },
    {
      name: 'idempotency-knows-no-locks',
      comment: 'Whoever wants a lock imports ./locks; nobody else has it in a bundle.',
      severity: 'error',
      from: { path: '^lib/', pathNot: '^lib/(locks|local|command-line)/' },
      to: { path: '^lib/locks/' },
    },
    {
      name: 'command-line-stays-out-of-the-library',
      comment: 'A program of its own: no function has it, or its parser, in a bundle.',
      severity: 'error',
      from: { path: '^(lib|functions)/', pathNot: '^lib/command-line/' },
      to: { path: '(^lib/command-line/|^node_modules/commander/)' },
    },
    {
      name: 'conform-knows-no-implementation',
      comment: 'It judges any API, ours included, by what comes over the wire.',
      severity: 'error',
      from: { path: '^lib/command-line/conform/' },
      to: {
        path: '^lib/',
        pathNot: '^lib/command-line/(conform/|[^/]+$)',
      },
    },
    {
      name: 'local-run-stays-out-of-the-library',
      comment: 'Demo controls and engines must not reach a deployed function.',
      severity: 'error',
      from: { path: '^(lib|functions)/', pathNot: '^lib/local/' },
      to: { path: '^lib/local/' },
    },
    {
      name: 'library-does-not-know-its-samples',
      severity: 'error',
      from: { path: '^lib/', pathNot: '^lib/(local|cdk)/' },
      to: { path: '^(functions|bin|test|bench)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
    },
  },
};
