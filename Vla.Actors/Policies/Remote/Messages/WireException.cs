using Vla.Sensors.Text;

namespace Vla.Actors.Policies.Remote.Messages;

/// <summary>
/// A message cannot be read, or is not what it has to be; the message says what and where, in one line, whatever the
/// names are called that came over the wire.
/// </summary>
internal sealed class WireException(string message, Exception? inner = null)
    : Exception(OneLine.Of(message, Longest), inner)
{
    private const int Longest = 1_000;
}
