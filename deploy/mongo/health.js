// The health check of mongo. Makes the replica set of one member and the account of the services
// when they are not there yet; healthy means that the services can write.
const admin = db.getSiblingDB("admin");
admin.auth(process.env.MONGO_INITDB_ROOT_USERNAME, process.env.MONGO_INITDB_ROOT_PASSWORD);

if (!admin.hello().setName) {
  rs.initiate({ _id: "rs0", members: [{ _id: 0, host: process.env.MONGO_HOST + ":27017" }] });
}
for (let tries = 0; !admin.hello().isWritablePrimary; tries++) {
  if (tries === 40) quit(1);
  sleep(200);
}
const account = {
  pwd: process.env.MONGO_PASSWORD,
  roles: [{ role: "readWriteAnyDatabase", db: "admin" }],
};
if (!admin.getUser("civic")) admin.createUser({ user: "civic", ...account });
