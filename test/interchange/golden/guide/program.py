import torch
from torch import nn


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(20, 8)
        self.reader = nn.LSTM(8, 12, num_layers=2, bidirectional=True, batch_first=True)
        self.classes = nn.Linear(24, 3)

    def forward(self, ids):
        return self.classes(self.reader(self.words(ids))[0])


torch.manual_seed(1)
model = Tagger()  # train it here
torch.save(model.state_dict(), "tagger.pt")
print(model(torch.tensor([[4, 8, 15, 16]]))[0, -1].tolist())
