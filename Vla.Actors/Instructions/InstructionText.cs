namespace Vla.Actors.Instructions;

/// <summary>Checks an instruction's text before it goes anywhere.</summary>
public static class InstructionText
{
    public const int MaximumLength = 1_000;
}
