interface RolesTable {
  user_id: string;
  role: string;
}

export interface AuthorizationDatabase {
  roles: RolesTable;
}
