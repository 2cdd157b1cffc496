using Vla.Actors.Policies;

namespace Vla.Tests.Actors.Instructions;

/// <summary>A small vocabulary, as a policy's.</summary>
internal static class Vocabulary
{
    public const int Limit = 8;

    private static readonly InstructionTokenizer Tokenizer = Load();

    public static InstructionWords Read(string text) => Tokenizer.Read(text);

    private static InstructionTokenizer Load()
    {
        using var folder = new TemporaryDirectory();
        var words =
            "[PAD] [UNK] pick up push open close grab put on the a red green block tray gripper stop sign at left go "
            + "move";
        File.WriteAllLines(folder.File("vocab.txt"), words.Split(' '));
        return InstructionTokenizer.Load(folder.File("vocab.txt"), Limit, PaddingSide.Left);
    }
}
