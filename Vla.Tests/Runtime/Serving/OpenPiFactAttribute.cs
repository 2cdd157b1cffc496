using System.Diagnostics;

namespace Vla.Tests.Runtime.Serving;

/// <summary>
/// A test against openpi's own Python code; skipped where Python does not find it, with what to do as the reason.
/// </summary>
public sealed class OpenPiFactAttribute : FactAttribute
{
    /// <summary>Debian's, which has the packages, before one that somebody has put on the path.</summary>
    public static string Python { get; } = File.Exists("/usr/bin/python3") ? "/usr/bin/python3" : "python3";

    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);

    private static readonly Lazy<string?> Problem = new(Find);

    public OpenPiFactAttribute() => Skip = Problem.Value;

    private static string? Find()
    {
        const string mend =
            "openpi's own code is not there: put packages/openpi-client/src and src of a checkout of openpi on "
            + "PYTHONPATH, and numpy, msgpack and websockets 13 or newer beside them";
        try
        {
            using var python = Process.Start(
                new ProcessStartInfo(
                    Python,
                    [
                        "-c",
                        "import numpy, websockets.sync.client, openpi_client.websocket_client_policy, "
                            + "openpi.serving.websocket_policy_server",
                    ]
                )
                {
                    RedirectStandardError = true,
                }
            )!;
            var errors = python.StandardError.ReadToEndAsync();
            var isThere = python.WaitForExit(Bound) && python.ExitCode == 0;
            return isThere && errors.Wait(Bound) ? null : mend;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "there is no python3";
        }
    }
}
