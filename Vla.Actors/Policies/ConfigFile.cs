using System.Text.Json;
using Vla.Actors.Checkpoints;
using Vla.Sensors.Text;

namespace Vla.Actors.Policies;

/// <summary>A policy's JSON files; comments and trailing commas are allowed, a key given twice is not.</summary>
internal static class ConfigFile
{
    private const int MaximumFileBytes = 1 << 20;

    /// <exception cref="PolicyException">It cannot be read, is too long, or is not JSON.</exception>
    public static JsonDocument Parse(string file)
    {
        try
        {
            return JsonText.Read(file, MaximumFileBytes);
        }
        catch (JsonException e)
        {
            throw new PolicyException($"{file}: is not valid JSON ({ErrorText.FirstLine(e.Message)})", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PolicyException($"{file}: cannot be read ({e.Message})", e);
        }
    }
}
