using System.Diagnostics;

namespace Vla.Tests.Runtime.Pages;

/// <summary>A daemon in a process of its own, which can be killed and started again at the same address.</summary>
/// <param name="options">What it runs, as for <c>vla run</c>, or with another command in front.</param>
internal sealed class DaemonProcess(params string[] options) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly HttpClient _http = new();
    private Process? _process;

    public string Address { get; } = $"http://127.0.0.1:{FreePort.Find()}";

    /// <summary>Starts it and waits until it publishes.</summary>
    public async Task StartAsync()
    {
        // As a user has it who is somewhere else; and a machine under test may be slow.
        var start = new ProcessStartInfo(
            "dotnet",
            [
                Path.Combine(AppContext.BaseDirectory, "vla.dll"),
                options is ["record", ..] ? options[0] : "run",
                "--http",
                Address,
                "--max-age",
                "10000",
                .. options is ["record", .. var rest] ? rest : options,
            ]
        )
        {
            WorkingDirectory = Path.GetTempPath(),
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["VLA_HOME"] = Repository.File("."), ["VLA_LOG__LEVEL"] = "warning" },
        };
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, _) => { };
        _process.ErrorDataReceived += (_, _) => { };
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();

        using var timeout = new CancellationTokenSource(Patience);
        while (!await IsWellAsync(timeout.Token))
        {
            Assert.False(
                _process.HasExited,
                $"the daemon ended with exit code {(_process.HasExited ? _process.ExitCode : 0)}"
            );
            await Task.Yield();
        }
    }

    /// <summary>Waits until it has ended by itself, and well.</summary>
    public async Task EndAsync()
    {
        using var timeout = new CancellationTokenSource(Patience);
        await _process!.WaitForExitAsync(timeout.Token);
        Assert.Equal(0, _process.ExitCode);
    }

    public void Kill()
    {
        _process!.Kill();
        _process.WaitForExit();
    }

    public void Dispose()
    {
        if (_process is { HasExited: false })
            Kill();
        _process?.Dispose();
        _http.Dispose();
    }

    private async Task<bool> IsWellAsync(CancellationToken cancellation)
    {
        try
        {
            using var answer = await _http.GetAsync($"{Address}/healthz", cancellation);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
