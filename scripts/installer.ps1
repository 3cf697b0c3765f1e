# Installe msap_geo dans .venv, sous Windows, avec les dépendances verrouillées et leurs empreintes.
# Depuis le dossier du projet :  powershell -ExecutionPolicy Bypass -File scripts\installer.ps1
# Puis :  .venv\Scripts\msap-geo demo
param([string]$Python = "python")
$ErrorActionPreference = "Stop"

function Run([string]$Program, [string[]]$Arguments) {
    & $Program @Arguments
    if ($LASTEXITCODE -ne 0) { throw "$Program $($Arguments -join ' ') : code $LASTEXITCODE" }
}

Set-Location (Split-Path -Parent $PSScriptRoot)
if (-not (Test-Path ".venv")) { Run $Python @("-m", "venv", ".venv") }
$pip = @("-m", "pip", "install", "--quiet", "--no-deps")
foreach ($lock in "requirements.lock", "requirements-build.lock") {
    Run ".venv\Scripts\python.exe" ($pip + @("--require-hashes", "--only-binary", ":all:", "-r", $lock))
}
Run ".venv\Scripts\python.exe" ($pip + @("--no-build-isolation", "."))
Run ".venv\Scripts\python.exe" @("-m", "pip", "check")
Write-Host "Fait. Essayer : .venv\Scripts\msap-geo demo"
