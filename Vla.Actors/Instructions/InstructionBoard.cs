using Vla.Actors.Pipeline;
using Vla.Sensors;

namespace Vla.Actors.Instructions;

/// <summary>The instruction in force; outlives restarts of the actor that hands it out.</summary>
/// <remarks>Safe from any thread.</remarks>
public sealed class InstructionBoard(TimeProvider time)
{
    private readonly Lock _lock = new();
    private volatile Instruction? _current;

    /// <summary>The instruction in force; null before the first.</summary>
    public Instruction? Current => _current;

    /// <summary>Told of each new instruction, on the giver's thread.</summary>
    public event Action<Instruction>? Changed;

    /// <summary>Puts a checked text in force under the next number.</summary>
    /// <param name="text">Checked by <see cref="InstructionCheck"/>.</param>
    /// <param name="unknownWords">Those that the policy's vocabulary lacks; null for none.</param>
    public Instruction Give(string text, IReadOnlyList<string>? unknownWords = null)
    {
        Instruction given;
        lock (_lock)
            _current = given = new Instruction((_current?.Number ?? 0) + 1, text, time.NowNs())
            {
                UnknownWords = unknownWords ?? [],
            };
        Changed?.Invoke(given);
        return given;
    }
}
