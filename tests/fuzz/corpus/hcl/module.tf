variable "o" {
  type = object({
    a = string
    b = optional(number, 3), # c
  })
  default = <<-EOT
    one ${var.x}
  EOT
  validation {
    condition = contains(["a", "b"], var.o)
  }
}
module "m" {
  source = "../m"
  x = [for k, v in { a = 1 } : "${k}-%{ if v }y%{ endif }" if v != 0]
}
