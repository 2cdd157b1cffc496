using System.Diagnostics;
using System.Text.Json;

namespace Vla.Tests.Runtime;

/// <summary>The program as a process of its own, with what it wrote; killed at the end if it still runs.</summary>
internal sealed class VlaProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly Task<string> _errors;
    private readonly Task<string> _output;

    private VlaProcess(Process process)
    {
        _process = process;
        _errors = process.StandardError.ReadToEndAsync();
        _output = process.StandardOutput.ReadToEndAsync();
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>Types a line.</summary>
    public async Task SayAsync(string line)
    {
        await _process.StandardInput.WriteLineAsync(line);
        await _process.StandardInput.FlushAsync();
    }

    /// <param name="folder">Where it runs.</param>
    /// <param name="arguments">Of <c>vla</c>.</param>
    public static VlaProcess Start(string folder, params string[] arguments) => Start(folder, [], arguments);

    /// <param name="folder">Where it runs.</param>
    /// <param name="environment">Variables that it has besides this process's.</param>
    /// <param name="arguments">Of <c>vla</c>.</param>
    public static VlaProcess Start(
        string folder,
        IReadOnlyList<(string Name, string Value)> environment,
        params string[] arguments
    )
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "vla.dll"), .. arguments])
        {
            RedirectStandardError = true,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            WorkingDirectory = folder,
        };
        start.Environment["VLA_HOME"] = Path.GetDirectoryName(Repository.File("Vla.sln"));
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        return new VlaProcess(Process.Start(start)!);
    }

    /// <summary>Sends signals, one after the other.</summary>
    public async Task SignalAsync(params string[] signals)
    {
        foreach (var signal in signals)
        {
            using var kill = Process.Start("kill", [$"-{signal}", $"{Id}"]);
            await kill.WaitForExitAsync();
        }
    }

    /// <returns>The exit code and what came on standard error.</returns>
    public async Task<(int ExitCode, string[] Errors)> EndAsync()
    {
        using var limit = new CancellationTokenSource(Patience);
        await _process.WaitForExitAsync(limit.Token);
        await _output;
        return (_process.ExitCode, (await _errors).Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    /// <summary>Waits until a file of actions has at least so many; fails when the process ends before.</summary>
    public async Task UntilAsync(string file, int actions)
    {
        using var limit = new CancellationTokenSource(Patience);
        using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (Actions(file).Count < actions)
        {
            if (_process.HasExited)
                Assert.Fail($"ended with {_process.ExitCode}: {await _errors}");
            await look.WaitForNextTickAsync(limit.Token);
        }
    }

    /// <summary>The actions in a file, by state and reason; none when it is not there.</summary>
    public static IReadOnlyList<(string State, string Reason)> Actions(string file)
    {
        if (!File.Exists(file))
            return [];
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream);
        var text = reader.ReadToEnd();
        // A line that is being written is for the next look.
        return
        [
            .. text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Read),
        ];
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
    }

    private static (string State, string Reason) Read(string line)
    {
        using var action = JsonDocument.Parse(line);
        return (
            action.RootElement.GetProperty("state").GetString()!,
            action.RootElement.GetProperty("reason").GetString()!
        );
    }
}
