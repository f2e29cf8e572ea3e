# What every service of Acme gets in an environment: its registration and, where it asks for one, a database.

variable "service_name" {
  type        = string
  description = "Name of the microservice"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]*$", var.service_name))
    error_message = "A service name starts with a letter and holds lower case letters, digits and dashes."
  }
}

variable "team" {
  type        = string
  description = "Owning team for tagging and access control"
}

variable "environment" {
  type        = string
  description = "Environment the service runs in"
  default     = "staging"
}

variable "db_enabled" {
  type        = bool
  description = "Whether the service gets a database"
  default     = false
}

variable "db_engine" {
  type        = string
  description = "Engine of the database"
  default     = "postgres"

  validation {
    condition     = var.db_engine == "postgres"
    error_message = "This platform offers postgres."
  }
}

variable "database_host" {
  type        = string
  description = "Host of the platform's PostgreSQL cluster"
  default     = "127.0.0.1"
}

variable "database_port" {
  type        = number
  description = "Port of the platform's PostgreSQL cluster"
  default     = 5432
}

locals {
  tags = {
    Team        = var.team
    Environment = var.environment
    ManagedBy   = "platform-team"
  }
}

resource "terraform_data" "service" {
  input = {
    name          = var.service_name
    desired_count = var.environment == "production" ? 3 : 1
    tags          = local.tags
  }
}

module "database" {
  count  = var.db_enabled ? 1 : 0
  source = "../postgres-database"

  identifier = "${replace(var.service_name, "-", "_")}_${var.environment}"
  host       = var.database_host
  port       = var.database_port
  tags       = local.tags
}

output "database_name" {
  description = "Name of the database, where there is one"
  value       = one(module.database[*].name)
}

output "database_url" {
  description = "Where the service finds its database"
  value       = one(module.database[*].url)
  sensitive   = true
}
