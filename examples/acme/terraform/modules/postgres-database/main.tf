# A database and a role of its own in the platform's PostgreSQL cluster. The cluster's address and an administrator come
# from psql's own environment (PGHOST, PGPORT, PGUSER, PGPASSWORD), so that no credential of the platform is in the state.

variable "identifier" {
  type        = string
  description = "Name of the database and of its role"

  validation {
    condition     = can(regex("^[a-z][a-z0-9_]{0,62}$", var.identifier))
    error_message = "A database name has at most 63 lower case letters, digits and underscores."
  }
}

variable "host" {
  type        = string
  description = "Host the service connects to"
}

variable "port" {
  type        = number
  description = "Port the service connects to"
}

variable "tags" {
  type        = map(string)
  description = "Recorded as the database's comment"
  default     = {}
}

# Drawn once: later plans leave it as it is.
resource "terraform_data" "password" {
  input = uuid()

  lifecycle {
    ignore_changes = [input]
  }
}

locals {
  password = replace(terraform_data.password.output, "-", "")
}

resource "terraform_data" "database" {
  input            = var.identifier
  triggers_replace = [var.identifier]

  provisioner "local-exec" {
    command     = "./create.sh"
    working_dir = path.module
    quiet       = true
    environment = {
      DATABASE          = var.identifier
      DATABASE_PASSWORD = local.password
      DATABASE_COMMENT  = jsonencode(var.tags)
    }
  }

  provisioner "local-exec" {
    when        = destroy
    command     = "./drop.sh"
    working_dir = path.module
    quiet       = true
    environment = {
      DATABASE = self.output
    }
  }
}

output "name" {
  value = terraform_data.database.output
}

output "url" {
  value     = "postgresql://${var.identifier}:${local.password}@${var.host}:${var.port}/${var.identifier}"
  sensitive = true
}
