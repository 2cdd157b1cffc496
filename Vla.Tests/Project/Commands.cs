using System.Diagnostics;

namespace Vla.Tests.Project;

/// <summary>Runs a program to its end and gives what it wrote.</summary>
internal static class Commands
{
    /// <remarks>The environment given is the whole of it; null stands for this process's own.</remarks>
    public static (int ExitCode, string Output, string Errors) Run(
        string program,
        string folder,
        IReadOnlyDictionary<string, string>? environment,
        params string[] arguments
    )
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (environment is not null)
        {
            start.Environment.Clear();
            foreach (var (name, value) in environment)
                start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        // Both at once: a full pipe would block the program.
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, errors.GetAwaiter().GetResult());
    }
}
