using System.Diagnostics;

namespace Vla.Tests.Runtime.Serving;

/// <summary>
/// A test against a program in Python; skipped where Python does not find what that needs, with what to do as the
/// reason.
/// </summary>
public sealed class PythonFactAttribute : FactAttribute
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);

    /// <param name="modules">What is imported, with commas between.</param>
    /// <param name="mend">Where that is had from.</param>
    public PythonFactAttribute(string modules, string mend) => Skip = Problem(modules, mend);

    /// <summary>Debian's, which has the packages, before one that somebody has put on the path.</summary>
    public static string Python { get; } = File.Exists("/usr/bin/python3") ? "/usr/bin/python3" : "python3";

    /// <summary>A program that runs; its standard input ends it, where it reads that.</summary>
    public static Process Start(string code, params string[] arguments) =>
        Process.Start(
            new ProcessStartInfo(Python, ["-c", code, .. arguments])
            {
                RedirectStandardError = true,
                RedirectStandardInput = true,
            }
        )!;

    /// <summary>Runs a program to its end.</summary>
    /// <returns>What it wrote to its standard error, where it failed; empty where it did not.</returns>
    public static async Task<string> RunAsync(string code, params string[] arguments)
    {
        using var process = Start(code, arguments);
        var errors = process.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            return $"it did not end: {await errors}";
        }

        return process.ExitCode == 0 ? "" : $"exit code {process.ExitCode}: {await errors}";
    }

    private static string? Problem(string modules, string mend)
    {
        try
        {
            using var python = Process.Start(
                new ProcessStartInfo(Python, ["-c", $"import {modules}"]) { RedirectStandardError = true }
            )!;
            var errors = python.StandardError.ReadToEndAsync();
            var isThere = python.WaitForExit(Bound) && python.ExitCode == 0;
            return isThere && errors.Wait(Bound) ? null : $"Python does not find {modules}: {mend}";
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "there is no python3";
        }
    }
}
