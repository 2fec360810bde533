/** Dependencies point one way: entries to features to protocol to port. Each rule says what it protects. */
module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'protocol-is-pure',
      comment: 'The protocol knows the port, its records and its errors; no DynamoDB, no HTTP, no clock.',
      severity: 'error',
      from: { path: '^lib/idempotency/(protocol|record|commit|single-write)\\.ts$' },
      to: {
        pathNot:
          '^lib/(idempotency/(record|errors|protocol|commit)|stores/(idempotency|transactional)-store)\\.ts$',
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
