/** What can be read from the description of the table. */
import {
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  type TableDescription,
} from '@aws-sdk/client-dynamodb';
import { ATTRIBUTES } from '../../stores/dynamodb-record.ts';
import type { Table } from '../table/connection.ts';
import { type Diagnosis, notChecked, ok, problem, refusalOf, warning } from './diagnosis.ts';

const DESCRIBED = [
  'table',
  'key-schema',
  'billing',
  'encryption',
  'deletion-protection',
  'replicas',
] as const;

/** @throws what DynamoDB throws, but for a table that is not there and for permissions that are not */
export async function diagnoseTable(table: Table): Promise<readonly Diagnosis[]> {
  let description: TableDescription | undefined;
  try {
    const input = { TableName: table.tableName };
    ({ Table: description } = await table.client.send(new DescribeTableCommand(input)));
  } catch (error) {
    const refusal = refusalOf(error, 'dynamodb:DescribeTable');
    if (refusal !== undefined) return DESCRIBED.map((id) => notChecked(id, refusal));
    if ((error as Error).name !== 'ResourceNotFoundException') throw error;
    return [
      problem('table', {
        found: `there is no table "${table.tableName}" in this account and region`,
        right: `a table with the string partition key "${ATTRIBUTES.id}"; the CDK construct IdempotencyTable makes one`,
        why: 'without it every guarded request is answered with 503',
      }),
    ];
  }
  if (description === undefined) return DESCRIBED.map((id) => notChecked(id, 'the answer is empty'));
  return [
    tableStatus(description),
    keySchema(description),
    billing(description),
    encryption(description),
    deletionProtection(description),
    replicas(description),
  ];
}

function tableStatus({ TableStatus }: TableDescription): Diagnosis {
  const status = TableStatus ?? 'unknown';
  if (status === 'ACTIVE' || status === 'UPDATING') return ok('table', status);
  return problem('table', {
    found: `its status is ${status}`,
    right: 'ACTIVE',
    why: 'until then every guarded request is answered with 503',
  });
}

function keySchema({ KeySchema: keys = [], AttributeDefinitions: types = [] }: TableDescription): Diagnosis {
  const found = keys
    .map(({ AttributeName: name, KeyType: kind }) => {
      const type = types.find(({ AttributeName }) => AttributeName === name)?.AttributeType;
      return `${name} (${type}, ${kind})`;
    })
    .join(', ');
  if (found === `${ATTRIBUTES.id} (S, HASH)`) return ok('key-schema', found);
  return problem('key-schema', {
    found,
    right: `${ATTRIBUTES.id} (S, HASH), and no sort key`,
    why: 'a record is found by its id alone; a key schema cannot be changed, so make another table',
  });
}

function billing({
  BillingModeSummary: mode,
  ProvisionedThroughput: provisioned,
}: TableDescription): Diagnosis {
  const writeUnits = provisioned?.WriteCapacityUnits ?? 0;
  if (mode?.BillingMode === 'PAY_PER_REQUEST' || writeUnits === 0) return ok('billing', 'on demand');
  return warning('billing', {
    found: `provisioned, ${writeUnits} write units a second`,
    right:
      'on demand, or enough for bursts: a first run takes two write units or more, a duplicate one or more',
    why: 'duplicates come in bursts, and a throttled acquire is a request answered with 503',
  });
}

function encryption({ SSEDescription: sse, TableStatus: status }: TableDescription): Diagnosis {
  if (status === 'INACCESSIBLE_ENCRYPTION_CREDENTIALS') {
    return problem('encryption', {
      found: 'the key cannot be used',
      right: 'a key that is enabled and that DynamoDB may use',
      why: 'until then every guarded request is answered with 503',
    });
  }
  if (sse?.Status === 'ENABLED') return ok('encryption', sse.KMSMasterKeyArn ?? 'with AWS KMS');
  return ok('encryption', 'by a key of DynamoDB; with one of AWS KMS its use would show in CloudTrail');
}

function deletionProtection({ DeletionProtectionEnabled: enabled }: TableDescription): Diagnosis {
  if (enabled) return ok('deletion-protection', 'on');
  return warning('deletion-protection', {
    found: 'off',
    right: 'on',
    why: 'without its records, every request that is retried later takes effect a second time',
  });
}

function replicas(description: TableDescription): Diagnosis {
  const { Replicas: others = [], MultiRegionConsistency: consistency } = description as TableDescription & {
    // The oldest SDK that the library supports does not know it.
    readonly MultiRegionConsistency?: string;
  };
  const regions = others.map(({ RegionName }) => RegionName).join(', ');
  if (others.length === 0) return ok('replicas', 'none');
  if (consistency === 'STRONG') return ok('replicas', `${regions}, strongly consistent`);
  return problem('replicas', {
    found: `${regions}, eventually consistent`,
    right: 'none, or strong consistency over the regions, or keys that only ever go to one of them',
    why: 'a conditional write sees its own region only: two regions can acquire one key at the same moment',
  });
}

export async function diagnoseTimeToLive({ client, tableName }: Table): Promise<Diagnosis> {
  try {
    const { TimeToLiveDescription: ttl } = await client.send(
      new DescribeTimeToLiveCommand({ TableName: tableName }),
    );
    return timeToLive(ttl?.TimeToLiveStatus ?? 'DISABLED', ttl?.AttributeName);
  } catch (error) {
    return orThrow('ttl', error, 'dynamodb:DescribeTimeToLive');
  }
}

function timeToLive(status: string, attribute: string | undefined): Diagnosis {
  const right = `on, by the attribute "${ATTRIBUTES.expiration}"`;
  const isOn = status === 'ENABLED' || status === 'ENABLING';
  if (isOn && attribute === ATTRIBUTES.expiration) return ok('ttl', `on, by "${attribute}"`);
  if (isOn) {
    return problem('ttl', {
      found: `on, by "${attribute}"`,
      right,
      why: 'by another attribute DynamoDB deletes records that still count, or none at all',
    });
  }
  return warning('ttl', {
    found: 'off',
    right,
    why: 'expired records count as absent all the same, but stay, and are billed by the gigabyte',
  });
}

export async function diagnoseBackups({ client, tableName }: Table): Promise<Diagnosis> {
  try {
    const { ContinuousBackupsDescription: backups } = await client.send(
      new DescribeContinuousBackupsCommand({ TableName: tableName }),
    );
    const status = backups?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus ?? 'DISABLED';
    if (status === 'ENABLED') return ok('backups', 'point-in-time recovery is on');
    return warning('backups', {
      found: 'point-in-time recovery is off',
      right: 'on',
      why: 'a table that is lost cannot be brought back, and retries of what it held run again',
    });
  } catch (error) {
    return orThrow('backups', error, 'dynamodb:DescribeContinuousBackups');
  }
}

function orThrow(id: string, error: unknown, action: string): Diagnosis {
  const refusal = refusalOf(error, action);
  if (refusal === undefined) throw error;
  return notChecked(id, refusal);
}
